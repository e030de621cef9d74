/**
 * Signing off a delivery: which proofs this door asks for, which one is missing next, and the operations that come
 * out of it. Pure.
 */
import type { BlobInput, Draft, TaskView } from '../../engine';
import type { IconName } from '../../ui/icons';
import { parseMoney } from '../../ui/format';
import { activeRequests, amountDue, shownRequests, type When } from '../task';

export const recipients = ['self', 'family', 'reception', 'neighbour', 'locker', 'station'] as const;
export type Recipient = (typeof recipients)[number];

export const recipientIcons: Record<Recipient, IconName> = {
  self: 'user',
  family: 'home',
  reception: 'reception',
  neighbour: 'neighbour',
  locker: 'locker',
  station: 'station',
};

export const consents = ['phone', 'in_person', 'on_order', 'other'] as const;
export type Consent = (typeof consents)[number];

export interface DoorForm {
  recipient: Recipient | null;
  /** Who took it, when it is not the recipient. */
  name: string;
  consent: Consent | null;
  /** The courier's own words when `consent` is other. */
  consentNote: string;
  signed: boolean;
  photos: number;
  method: 'cash' | 'qr' | null;
  /** What was typed as another amount; null takes the amount due. */
  amount: string | null;
}

export function blankForm(): DoorForm {
  return {
    recipient: null,
    name: '',
    consent: null,
    consentNote: '',
    signed: false,
    photos: 0,
    method: null,
    amount: null,
  };
}

export type Step = 'payment' | 'recipient' | 'consent' | 'signature' | 'photo' | 'save';

/** A locker and a pickup point cannot sign: there the photo is the proof. */
export function signs(recipient: Recipient): boolean {
  return recipient !== 'locker' && recipient !== 'station';
}

/** Law: whoever is not the recipient takes it only with the recipient's consent, and the consent is recorded. */
export function needsConsent(recipient: Recipient | null): boolean {
  return recipient !== null && recipient !== 'self';
}

/** The customer already asked for this on the order: consent is on record and only has to be repeated. */
export function consentOnOrder(view: TaskView, recipient: Recipient, when: When): boolean {
  const asked = activeRequests(view, when).some((request) => request.kind === 'leave_at_reception');
  return recipient === 'reception' && asked;
}

/** Minor units that will be recorded as collected; null when what was typed is no amount. */
export function collected(view: TaskView, form: DoorForm): number | null {
  if (form.amount === null) return amountDue(view);
  const typed = parseMoney(form.amount);
  return typed === null || typed === 0 ? null : typed;
}

export function chooseRecipient(view: TaskView, form: DoorForm, recipient: Recipient, when: When): DoorForm {
  const consent = consentOnOrder(view, recipient, when) ? 'on_order' : null;
  return { ...form, recipient, consent: form.recipient === recipient ? form.consent : consent };
}

export interface Item {
  step: Exclude<Step, 'save'> | 'scan';
  done: boolean;
  /** Not asked for here, but welcome. */
  optional: boolean;
}

function consentGiven(form: DoorForm): boolean {
  return form.consent !== null && (form.consent !== 'other' || form.consentNote.trim() !== '');
}

/** The checklist in the order of the hands: money first, then who, then the proof. */
export function checklist(view: TaskView, form: DoorForm): Item[] {
  const { recipient } = form;
  const signing = recipient === null || signs(recipient);
  const items: Item[] = [{ step: 'scan', done: view.parcel.scans > 0, optional: true }];
  if (amountDue(view) > 0) {
    items.push({ step: 'payment', done: form.method !== null && collected(view, form) !== null, optional: false });
  }
  items.push({ step: 'recipient', done: recipient !== null, optional: false });
  if (needsConsent(recipient)) items.push({ step: 'consent', done: consentGiven(form), optional: false });
  if (signing) {
    const byPhoto = form.photos > 0 && !form.signed;
    items.push({ step: 'signature', done: form.signed, optional: byPhoto });
  }
  items.push({ step: 'photo', done: form.photos > 0, optional: signing });
  return items;
}

/** The next missing thing; `save` when nothing is. */
export function nextStep(view: TaskView, form: DoorForm): Step {
  const missing = checklist(view, form).find((item) => !item.done && !item.optional);
  return missing && missing.step !== 'scan' ? missing.step : 'save';
}

export interface Proofs {
  signature: Uint8Array | null;
  photos: Uint8Array[];
}

/** Payment and delivery in one submit, so that neither can be saved without the other. */
export function signOff(
  view: TaskView,
  form: DoorForm,
  proofs: Proofs,
  consentText: string | null,
): { drafts: Draft[]; blobs: BlobInput[] } {
  const blobs: BlobInput[] = [];
  const refer = (bytes: Uint8Array, type: string, kind: 'signature' | 'photo'): string => {
    blobs.push({ bytes, type, kind });
    return `blob:${blobs.length - 1}`;
  };
  const signature = proofs.signature ? refer(proofs.signature, 'image/png', 'signature') : null;
  const photos = proofs.photos.map((bytes) => refer(bytes, 'image/jpeg', 'photo'));
  const drafts: Draft[] = [];
  const { task, obligation } = view;
  const amount = collected(view, form);
  if (obligation && amountDue(view) > 0 && form.method && amount !== null) {
    drafts.push({
      type: 'payment.collected',
      entity: `obligation:${obligation.id}`,
      payload: { task: task.id, amount_minor: amount, currency: obligation.currency, method: form.method },
    });
  }
  drafts.push({
    type: 'task.delivered',
    entity: `task:${task.id}`,
    base: shownRequests(view),
    payload: {
      recipient: form.recipient,
      recipient_name: form.name.trim() || null,
      signature,
      photos,
      consent: needsConsent(form.recipient) ? consentText : null,
    },
  });
  return { drafts, blobs };
}

/** Which face the screen shows: the form, what has happened, or the stop sign of a task taken back. */
export type Phase = 'form' | 'stopped' | 'outcome' | 'removed';

export function phase(view: TaskView, anyway: boolean): Phase {
  if (view.removed) return 'removed';
  const { status } = view.task;
  if (anyway && (status === 'cancelled' || status === 'attempt_failed')) return 'form';
  if (status === 'cancelled' || (view.task.cancelled && !view.task.outcome)) return anyway ? 'form' : 'stopped';
  return view.task.outcome || !['created', 'assigned', 'out_for_delivery', 'arrived'].includes(status)
    ? 'outcome'
    : 'form';
}
