import type { TaskView } from '../../engine';
import { say } from '../../device/sound';
import { language } from '../../ui/i18n.svelte';
import { requestKey } from '../../ui/requests';
import { guarded, saved, saveWithPhotos } from '../saved';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import { activeRequests } from '../task';
import { t } from '../road/text';
import { tail } from '../words';
import { signOff, type DoorForm, type Proofs } from './model';
import { proposal, type ProposalForm } from './proposal';
import { t as d } from './words';

/** What the courier was told of a consent, in the words he chose; null where he was told nothing. */
export function toldText({ consent, consentNote, recipient }: DoorForm): string | null {
  if (consent === 'other') return consentNote.trim() || null;
  if (!recipient || (consent !== 'phone' && consent !== 'in_person')) return null;
  return d('consent.sentence', { how: d(`consent.${consent}`), who: t(`recipient.${recipient}`) });
}

/** `others` are signed for with it. */
export function deliver(
  view: TaskView,
  form: DoorForm,
  { signature, photos }: Proofs,
  others: readonly TaskView[],
): Promise<boolean> {
  const around = { when: session, note: toldText(form), others, together: session.engine.newId() };
  return guarded(() =>
    saveWithPhotos((kept) => signOff(view, form, { signature, photos: kept }, around), photos, {
      text: () => (others.length ? d('together.saved', { n: others.length + 1 }) : t('door.saved')),
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

/** The customer was called, or is being written to: evidence, without the number. Whether he answered nobody knows yet. */
export function called(view: TaskView, channel: 'call' | 'sms' = 'call'): Promise<boolean> {
  const payload = { channel, result: 'unknown' };
  return guarded(() => session.submit([{ type: 'task.called', entity: `task:${view.task.id}`, payload }]));
}

/** The customer is asked whether somebody else may take it; the answer comes with the list. */
export function askConsent(view: TaskView, kind: string): Promise<boolean> {
  return guarded(async () => {
    await session.submit([{ type: 'task.consent_asked', entity: `task:${view.task.id}`, payload: { kind } }]);
    saved({ text: () => d('consent.askSaved'), detail: () => d('consent.askSaved.detail'), cue: 'saved' });
  });
}

/** What a customer asks for from now on, put before customer service. */
export function propose(view: TaskView, form: ProposalForm): Promise<boolean> {
  return guarded(async () => {
    const undo = await session.submit([proposal(view, form, session.engine.newId())]);
    const detail = `${t(requestKey(form.kind ?? 'other'))} · ${t('request.proposed')}`;
    saved({ text: () => t('propose.saved'), detail, cue: 'saved', undo });
  });
}

export function addNote(view: TaskView, text: string): Promise<boolean> {
  return guarded(async () => {
    const undo = await session.submit([{ type: 'task.noted', entity: `task:${view.task.id}`, payload: { text } }]);
    saved({ text: () => t('note.saved'), detail: tail(view.parcel.waybill), undo });
  });
}
