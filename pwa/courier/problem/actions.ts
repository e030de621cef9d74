import type { TaskView } from '../../engine';
import { language } from '../../ui/i18n.svelte';
import { reasonWords } from '../reasons';
import { guarded, saveWithPhotos } from '../saved';
import { t } from '../road/text';
import { tail } from '../words';
import { report, type ProblemForm } from './model';

export function saveProblem(view: TaskView, form: ProblemForm, photos: Uint8Array[]): Promise<boolean> {
  const reason = (): string => reasonWords(form.reason?.code ?? 'OTHER', language.current);
  return guarded(() =>
    saveWithPhotos((kept) => report(view, form, kept), photos, {
      text: () => t(`problem.saved.${form.act}`),
      detail: () => `${tail(view.parcel.waybill)} · ${reason()}`,
      cue: 'problem',
    }),
  );
}
