import type { TaskView } from '../../engine';
import { say } from '../../device/sound';
import { language } from '../../ui/i18n.svelte';
import { requestKey } from '../../ui/requests';
import { guarded, saved, saveWithPhotos } from '../saved';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import { activeRequests } from '../task';
import { t } from '../text';
import { tail } from '../words';
import { signOff, type DoorForm, type Proofs } from './model';
import { proposal, type ProposalForm } from './proposal';

/** The sentence that is stored as consent, in the words the courier chose. */
export function consentText(form: DoorForm): string | null {
  if (!form.consent || !form.recipient) return null;
  if (form.consent === 'other') return form.consentNote.trim();
  return t('consent.sentence', { how: t(`consent.${form.consent}`), who: t(`recipient.${form.recipient}`) });
}

export function deliver(view: TaskView, form: DoorForm, { signature, photos }: Proofs): Promise<boolean> {
  return guarded(() =>
    saveWithPhotos((kept) => signOff(view, form, { signature, photos: kept }, consentText(form)), photos, {
      text: t('door.saved'),
      detail: tail(view.parcel.waybill),
      cue: 'saved',
    }),
  );
}

/** Arrived: recorded, and the customer's requests are said aloud when sound is on. */
export function arrive(view: TaskView): Promise<boolean> {
  return guarded(async () => {
    await session.submit([{ type: 'task.arrived', entity: `task:${view.task.id}`, payload: {} }]);
    const words = activeRequests(view, session).map((request) => `${t(requestKey(request.kind))}，${request.text}`);
    if (words.length > 0) say(words.join('。'), language.current, settings.volume);
  });
}

/** What a customer asks for from now on, put before customer service. */
export function propose(view: TaskView, form: ProposalForm): Promise<boolean> {
  return guarded(async () => {
    const undo = await session.submit([proposal(view, form, session.engine.newId())]);
    const detail = `${t(requestKey(form.kind ?? 'other'))} · ${t('request.proposed')}`;
    saved({ text: t('propose.saved'), detail, cue: 'saved', undo });
  });
}

export function addNote(view: TaskView, text: string): Promise<boolean> {
  return guarded(async () => {
    const undo = await session.submit([{ type: 'task.noted', entity: `task:${view.task.id}`, payload: { text } }]);
    saved({ text: t('note.saved'), detail: tail(view.parcel.waybill), undo });
  });
}
