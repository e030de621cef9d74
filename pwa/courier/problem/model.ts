/** What went wrong at a door: the reasons in the order of use, what each asks for, and what happens next. Pure. */
import type { BlobInput, Draft, TaskView } from '../../engine';
import { shown } from '../../../sync/ts/evidence';
import { allReasons, type Evidence, type Must, type Reason } from '../reasons';
import { amountDue, shownRequests } from '../task';

/** A held parcel (留仓件) waits at the station; a problem parcel (问题件) waits for customer service. */
export type Act = 'attempt_failed' | 'held' | 'returned' | 'problem_reported';

/** What is wrong with the parcel itself: customer service decides. A parcel that was refused for it is a failed attempt. */
const PROBLEMS = ['DAMAGED', 'SHORT', 'LOST', 'LABEL_MISMATCH'];

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

/** What the courier does with the parcel. A pickup can only fail; a held parcel can only be returned or be a problem. */
export function acts(view: TaskView): Act[] {
  if (view.task.kind === 'pickup') return ['attempt_failed'];
  if (view.task.status === 'held') return ['returned', 'problem_reported'];
  return ['attempt_failed', 'held', 'returned', 'problem_reported'];
}

/** The usual act for a reason; the courier may choose another. */
export function usualAct(view: TaskView, reason: Reason): Act {
  const possible = acts(view);
  const usual: Act =
    view.task.cancelled || reason.code === 'RECALLED' || reason.code === 'UNCLAIMED'
      ? 'returned'
      : reason.next === 'hold'
        ? 'held'
        : PROBLEMS.includes(reason.code)
          ? 'problem_reported'
          : 'attempt_failed';
  return possible.includes(usual) ? usual : (possible[0] ?? 'attempt_failed');
}

export interface ProblemForm {
  reason: Reason | null;
  act: Act;
  note: string;
  photos: number;
  /** The courier says that he called in another way than by this handheld. */
  called: boolean;
}

/** What a complaint would ask for, with what there is: `need` of calls, seconds, photos; 1 for a note. */
export interface Asked {
  name: Evidence;
  need: number;
  have: number;
  done: boolean;
}

/** The attempt check: what the chosen reason demands, and what the courier could show if he left now. */
export function attemptCheck(view: TaskView, form: ProblemForm, author: string, at: number): Asked[] {
  if (!form.reason) return [];
  const report = { photos: form.photos, note: form.note, at };
  const found = shown(view.task, author, form.reason.code, report);
  if (found === null) return [];
  const asked = Object.entries(form.reason.evidence) as [Evidence, number | boolean][];
  return asked.map(([name, need]) => ({
    name,
    need: Number(need),
    have: Number(found[name] ?? 0),
    done: !found.missing.includes(name),
  }));
}

export type Missing = 'reason' | Must;

/** The first thing the chosen reason still asks for; null when the report can be saved. */
export function missing(view: TaskView, form: ProblemForm): Missing | null {
  if (!form.reason) return 'reason';
  const has: Record<Must, boolean> = {
    photos: form.photos > 0,
    note: form.note.trim() !== '',
    calls: form.called || (view.task.calls ?? []).length > 0,
  };
  return form.reason.must.find((one) => !has[one]) ?? null;
}

export function report(
  view: TaskView,
  form: ProblemForm,
  photos: Uint8Array[],
): { drafts: Draft[]; blobs: BlobInput[] } {
  const blobs = photos.map((bytes): BlobInput => ({ bytes, type: 'image/jpeg', kind: 'photo' }));
  const note = form.note.trim() || null;
  const payload = { reason: form.reason?.code ?? 'OTHER', note, photos: blobs.map((_, at) => `blob:${at}`) };
  const draft = {
    type: `task.${form.act}` as const,
    entity: `task:${view.task.id}`,
    base: shownRequests(view),
    payload,
  };
  return { drafts: [draft], blobs };
}
