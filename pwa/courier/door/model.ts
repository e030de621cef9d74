/**
 * Signing off a delivery: which proofs this door asks for, which one is missing next, and the operations that come
 * out of it. Pure.
 */
import type { BlobInput, Draft, JsonObject, TaskView } from '../../engine';
import type { IconName } from '../../ui/icons';
import { parseMoney } from '../../ui/format';
import { amountDue, isLeft, shownRequests, stopKey, type When } from '../task';
import { consentOf, named, needsConsent, type Consent } from './consent';
import type { PinCheck } from './pin';

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
  /** The customer's code as typed, and whether it fits. */
  pin: string;
  pinCheck: PinCheck;
  /** The customer cannot tell a code. */
  noPin: boolean;
  /** How many pieces are handed over; null for all of them. */
  pieces: number | null;
  /** What became of the other pieces: a code of the reason list. */
  rest: string | null;
  /** Other tasks of this recipient that are signed for with this one. */
  together: string[];
}

/** What can have become of pieces that are not handed over, the usual first. */
export const REST = ['SHORT', 'DAMAGED', 'REFUSED', 'OTHER'] as const;

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
    pin: '',
    pinCheck: 'none',
    noPin: false,
    pieces: null,
    rest: null,
    together: [],
  };
}

export type Step = 'payment' | 'recipient' | 'consent' | 'pin' | 'rest' | 'signature' | 'photo' | 'save';

/** A locker and a pickup point cannot sign: there the photo is the proof. */
export function signs(recipient: Recipient): boolean {
  return recipient !== 'locker' && recipient !== 'station';
}

/** Minor units that will be recorded as collected; null when what was typed is no amount. */
export function collected(view: TaskView, form: DoorForm): number | null {
  if (form.amount === null) return amountDue(view);
  const typed = parseMoney(form.amount);
  return typed === null || typed === 0 ? null : typed;
}

export function chooseRecipient(form: DoorForm, recipient: Recipient): DoorForm {
  return { ...form, recipient, consent: form.recipient === recipient ? form.consent : null };
}

/** Whether some pieces stay behind. */
export function isPartial(view: TaskView, form: DoorForm): boolean {
  return form.pieces !== null && form.pieces < view.parcel.pieces;
}

/** What else is open here for the same recipient, and needs no more than a signature. */
export function alsoHere(view: TaskView, tasks: readonly TaskView[]): TaskView[] {
  const { customer, task } = view;
  if (!customer.id) return [];
  return tasks.filter(
    (one) =>
      one.task.id !== task.id &&
      one.customer.id === customer.id &&
      one.task.kind === 'delivery' &&
      stopKey(one) === stopKey(view) &&
      isLeft(one) &&
      !one.removed &&
      amountDue(one) === 0 &&
      !one.pin,
  );
}

export interface Item {
  step: Exclude<Step, 'save'> | 'scan';
  done: boolean;
  /** Not asked for here, but welcome. */
  optional: boolean;
}

function consentGiven(view: TaskView, form: DoorForm, when: When): boolean {
  const consent = consentOf(view, form.recipient ?? '', form.consent, when);
  return consent !== null && (consent !== 'other' || form.consentNote.trim() !== '');
}

/** The checklist in the order of the hands: money first, then who, then the proof. */
export function checklist(view: TaskView, form: DoorForm, when: When): Item[] {
  const { recipient } = form;
  const signing = recipient === null || signs(recipient);
  const items: Item[] = [{ step: 'scan', done: view.parcel.scans > 0, optional: true }];
  if (amountDue(view) > 0) {
    items.push({ step: 'payment', done: form.method !== null && collected(view, form) !== null, optional: false });
  }
  items.push({ step: 'recipient', done: recipient !== null, optional: false });
  if (needsConsent(recipient)) items.push({ step: 'consent', done: consentGiven(view, form, when), optional: false });
  if (view.pin) {
    const typed = form.pinCheck === 'right' || form.pinCheck === 'unchecked';
    items.push({ step: 'pin', done: typed || form.noPin, optional: false });
  }
  if (isPartial(view, form)) items.push({ step: 'rest', done: form.rest !== null, optional: false });
  if (signing) {
    const byPhoto = form.photos > 0 && !form.signed;
    items.push({ step: 'signature', done: form.signed, optional: byPhoto });
  }
  items.push({ step: 'photo', done: form.photos > 0, optional: signing });
  return items;
}

/** The next missing thing; `save` when nothing is. */
export function nextStep(view: TaskView, form: DoorForm, when: When): Step {
  const missing = checklist(view, form, when).find((item) => !item.done && !item.optional);
  return missing && missing.step !== 'scan' ? missing.step : 'save';
}

export interface Proofs {
  signature: Uint8Array | null;
  photos: Uint8Array[];
}

/** What a sign-off needs beside its form: the moment, what was told of a consent, and what it is signed together with. */
export interface Around {
  when: When;
  note: string | null;
  others: readonly TaskView[];
  /** The id that ties deliveries signed together. */
  together: string;
}

/** Payment and deliveries in one submit, so that none can be saved without the others; together they share the proofs. */
export function signOff(
  view: TaskView,
  form: DoorForm,
  proofs: Proofs,
  { when, note, others, together }: Around,
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
  const recipient = form.recipient ?? 'self';
  const handed = (one: TaskView, more: JsonObject): Draft => ({
    type: 'task.delivered',
    entity: `task:${one.task.id}`,
    base: shownRequests(one),
    payload: {
      recipient,
      recipient_name: form.name.trim() || null,
      signature,
      photos,
      consent: named(one, recipient, consentOf(one, recipient, form.consent, when), note, when),
      ...more,
      ...(others.length ? { together } : {}),
    },
  });
  drafts.push(handed(view, whole(view, form)), ...others.map((one) => handed(one, {})));
  return { drafts, blobs };
}

/** What is said only where it is out of the ordinary: a code, and pieces that stay behind. */
function whole(view: TaskView, form: DoorForm): JsonObject {
  const pin: JsonObject = view.pin && !form.noPin && form.pin !== '' ? { pin: form.pin } : {};
  if (!isPartial(view, form)) return pin;
  return { ...pin, pieces: form.pieces, rest: { reason: form.rest ?? 'OTHER', note: null } };
}

/** Which face the screen shows: the form, what has happened, or the stop sign of a task taken back. */
export type Phase = 'form' | 'stopped' | 'outcome' | 'removed';

export function phase(view: TaskView, anyway: boolean): Phase {
  if (view.removed) return 'removed';
  const { status, problem } = view.task;
  if (problem && !anyway && !view.task.outcome) return 'outcome';
  if (anyway && (problem || status === 'cancelled' || status === 'attempt_failed')) return 'form';
  if (status === 'cancelled' || (view.task.cancelled && !view.task.outcome)) return anyway ? 'form' : 'stopped';
  return view.task.outcome || !['created', 'assigned', 'out_for_delivery', 'arrived'].includes(status)
    ? 'outcome'
    : 'form';
}
