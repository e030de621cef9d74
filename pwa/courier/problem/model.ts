/** What went wrong at a door: the reasons in the order of use, what each asks for, and what happens next. Pure. */
import type { BlobInput, Draft, TaskView } from '../../engine';
import { allReasons, type Evidence, type Reason } from '../reasons';
import { amountDue, shownRequests } from '../task';

export type Act = 'attempt_failed' | 'held' | 'returned';

/** Most used first; the rest follow in the order of the table. */
const useOrder = [
  'NOT_HOME',
  'NO_ANSWER',
  'RESCHEDULED',
  'REFUSED',
  'CLOSED',
  'NO_ACCESS',
  'ADDR_WRONG',
  'PHONE_INVALID',
  'NOT_READY',
  'SENDER_CANCEL',
  'SELF_PICKUP',
  'COD_NOT_READY',
  'REFUSED_DAMAGED',
  'LOCKER_FAIL',
];

function place(code: string): number {
  const at = useOrder.indexOf(code);
  return at < 0 ? useOrder.length : at;
}

/** A task taken back starts with its own reason; money is no reason where none is due; "other" is always last. */
export function reasons(view: TaskView): Reason[] {
  const first = view.task.cancelled ? 'RECALLED' : null;
  const rank = (code: string): number => (code === first ? -1 : code === 'OTHER' ? 99 : place(code));
  return allReasons
    .filter((reason) => reason.for.includes(view.task.kind))
    .filter((reason) => reason.code !== 'COD_NOT_READY' || amountDue(view) > 0)
    .sort((one, other) => rank(one.code) - rank(other.code));
}

/** What the courier does with the parcel. A pickup can only fail; a held parcel can only be returned. */
export function acts(view: TaskView): Act[] {
  if (view.task.kind === 'pickup') return ['attempt_failed'];
  if (view.task.status === 'held') return ['returned'];
  return ['attempt_failed', 'held', 'returned'];
}

/** The usual act for a reason; the courier may choose another. */
export function usualAct(view: TaskView, reason: Reason): Act {
  const possible = acts(view);
  const usual: Act =
    view.task.cancelled || reason.code === 'RECALLED' || reason.code === 'UNCLAIMED'
      ? 'returned'
      : reason.next === 'hold'
        ? 'held'
        : 'attempt_failed';
  return possible.includes(usual) ? usual : (possible[0] ?? 'attempt_failed');
}

export interface ProblemForm {
  reason: Reason | null;
  act: Act;
  note: string;
  photos: number;
  /** When the courier called from this screen, ms. */
  called: number | null;
}

export type Missing = 'reason' | Evidence;

/** The first thing the chosen reason still asks for; null when the report can be saved. */
export function missing(form: ProblemForm): Missing | null {
  if (!form.reason) return 'reason';
  const has: Record<Evidence, boolean> = {
    photo: form.photos > 0,
    note: form.note.trim() !== '',
    call: form.called !== null,
  };
  return form.reason.evidence.find((one) => !has[one]) ?? null;
}

/** `callNote` is the sentence about the call, put before the courier's own note. */
export function report(
  view: TaskView,
  form: ProblemForm,
  photos: Uint8Array[],
  callNote: string | null,
): { drafts: Draft[]; blobs: BlobInput[] } {
  const blobs = photos.map((bytes): BlobInput => ({ bytes, type: 'image/jpeg', kind: 'photo' }));
  const note = [callNote, form.note.trim()].filter(Boolean).join(' ') || null;
  const payload = { reason: form.reason?.code ?? 'OTHER', note, photos: blobs.map((_, at) => `blob:${at}`) };
  const draft = {
    type: `task.${form.act}` as const,
    entity: `task:${view.task.id}`,
    base: shownRequests(view),
    payload,
  };
  return { drafts: [draft], blobs };
}
