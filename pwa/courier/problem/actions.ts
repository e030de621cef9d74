import { play } from '../../device/sound';
import type { TaskView } from '../../engine';
import { time } from '../../ui/format';
import { language } from '../../ui/i18n.svelte';
import { reasonWords } from '../reasons';
import { guarded, saved } from '../saved';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import { t } from '../text';
import { tail } from '../words';
import { report, type ProblemForm } from './model';

export function saveProblem(view: TaskView, form: ProblemForm, photos: Uint8Array[]): Promise<boolean> {
  return guarded(async () => {
    const callNote = form.called === null ? null : t('problem.calledNote', { at: time(form.called, session.zone) });
    const { drafts, blobs } = report(view, form, photos, callNote);
    const undo = await session.submit(drafts, blobs);
    const reason = reasonWords(form.reason?.code ?? 'OTHER', language.current);
    play('problem', settings.volume);
    saved({ text: t(`problem.saved.${form.act}`), detail: `${tail(view.parcel.waybill)} · ${reason}`, undo });
  });
}
