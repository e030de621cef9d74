import type { TaskView } from '../../engine';
import { time } from '../../ui/format';
import { language } from '../../ui/i18n.svelte';
import { reasonWords } from '../reasons';
import { guarded, saveWithPhotos } from '../saved';
import { session } from '../session.svelte';
import { t } from '../text';
import { tail } from '../words';
import { report, type ProblemForm } from './model';

export function saveProblem(view: TaskView, form: ProblemForm, photos: Uint8Array[]): Promise<boolean> {
  const callNote = form.called === null ? null : t('problem.calledNote', { at: time(form.called, session.zone) });
  const reason = reasonWords(form.reason?.code ?? 'OTHER', language.current);
  return guarded(() =>
    saveWithPhotos((kept) => report(view, form, kept, callNote), photos, {
      text: t(`problem.saved.${form.act}`),
      detail: `${tail(view.parcel.waybill)} · ${reason}`,
      cue: 'problem',
    }),
  );
}
