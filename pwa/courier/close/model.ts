/** Handing in: this phone's count beside the server's, what they differ in, and what still stands in the way. Pure. */
import type { Difference, Draft, Envelope, ItemState, Receipt, ShiftView, SyncStatus, TaskView } from '../../engine';
import { isScanned } from '../load/model';
import { isLeft, isStopped } from '../task';

export interface Closing {
  recorded: number;
  confirmed: number;
  /** Of this shift. */
  waiting: number;
  /** What the server could not even read. */
  parked: number;
  /** Whatever this phone has still to send: of this shift, of the one before, of whoever used it before. */
  unsent: number;
  proofsWaiting: number;
  differences: Difference[];
  left: TaskView[];
  stopped: TaskView[];
  cash: number;
}

export type Blocked = 'noShift' | 'waiting' | 'proofs' | 'unsure';

export function closing(
  tasks: readonly TaskView[],
  status: SyncStatus | null,
  shift: ShiftView | null,
  receipt: Receipt | null,
): Closing {
  const differences = receipt?.differences ?? [];
  return {
    recorded: receipt?.recorded ?? 0,
    confirmed: receipt?.confirmed ?? 0,
    waiting: receipt?.waiting ?? 0,
    parked: receipt?.parked ?? 0,
    unsent: Math.max(status?.waiting ?? 0, differences.filter(({ kind }) => kind === 'waiting').length),
    proofsWaiting: status?.proofsWaiting ?? 0,
    differences,
    left: tasks.filter(isLeft),
    stopped: tasks.filter(isStopped),
    cash: shift?.cash_minor ?? 0,
  };
}

/**
 * A shift closes only when the server itself said that it has everything of this phone. What it has and could not read or use,
 * and proofs that are gone, are named and do not stand in the way: the courier cannot do anything about them.
 */
export function blockedBy(status: SyncStatus | null, shift: ShiftView | null, receipt: Receipt | null): Blocked | null {
  if (shift?.status !== 'open') return 'noShift';
  const { unsent, waiting } = closing([], status, shift, receipt);
  if (!status || !receipt || unsent > 0 || waiting > 0) return 'waiting';
  if (status.proofsWaiting > 0) return 'proofs';
  return status.allConfirmed ? null : 'unsure';
}

export function closeShift(entity: string, { recorded, confirmed, waiting, cash }: Closing): Draft[] {
  return [{ type: 'shift.closed', entity, payload: { recorded, confirmed, waiting, cash_minor: cash } }];
}

/** Why work is left, as far as this handheld can tell; what the station then does with it follows from that. */
export type Why = 'notLoaded' | 'notOut' | 'notTried' | 'notFetched' | 'stopped';

export function whyOf(view: TaskView): Why {
  if (isStopped(view)) return 'stopped';
  if (view.task.kind === 'pickup') return 'notFetched';
  if (view.task.status === 'assigned' || view.task.status === 'created')
    return isScanned(view) ? 'notOut' : 'notLoaded';
  return 'notTried';
}

/** What is left, by the reason it was left for, in the order in which the reasons come up. */
export function byReason(tasks: readonly TaskView[]): [Why, TaskView[]][] {
  const reasons = [...new Set(tasks.map(whyOf))];
  return reasons.map((why) => [why, tasks.filter((view) => whyOf(view) === why)]);
}

const DONE = new Set(['task.delivered', 'task.picked_up']);
const FAILED = new Set(['task.attempt_failed', 'task.held', 'task.returned', 'task.problem_reported']);
const TO_STATION = new Set(['out_for_delivery', 'arrived', 'attempt_failed', 'held', 'returned', 'cancelled']);

/** Parcels that are in the van still and go over the counter: what failed, what was stopped, and what was not tried. */
export function bringBack(tasks: readonly TaskView[]): TaskView[] {
  const carried = (view: TaskView): boolean => view.task.status !== 'cancelled' || isScanned(view);
  return tasks.filter((view) => view.task.kind === 'delivery' && TO_STATION.has(view.task.status) && carried(view));
}

/**
 * How the shift went, from what was recorded in it: the list forgets what is finished. `left` is what the list still has open.
 */
export function tally(
  operations: readonly Envelope[],
  tasks: readonly TaskView[],
): { done: number; failed: number; left: number; back: number } {
  const takenBack = new Set(operations.map((op) => op.payload['corrects']).filter(Boolean));
  const standing = operations.filter((op) => !takenBack.has(op.op_id));
  // The last word on each task counts: one that failed in the morning may be done by the evening.
  const last = new Map(standing.filter((op) => DONE.has(op.type) || FAILED.has(op.type)).map((op) => [op.entity, op]));
  const of = (types: ReadonlySet<string>): number => [...last.values()].filter((op) => types.has(op.type)).length;
  return {
    done: of(DONE),
    failed: of(FAILED),
    left: tasks.filter((view) => isLeft(view) || isStopped(view)).length,
    back: bringBack(tasks).length,
  };
}

/** What comes by itself is a hollow dot; what does not is for a person. */
export function markOf({ kind }: Difference): ItemState {
  return kind === 'waiting' || kind === 'proofs' ? 'saved' : 'needs_you';
}

/** The sentence under the two counts. */
export function verdict(
  { unsent, proofsWaiting, differences }: Closing,
  status: SyncStatus | null,
): { key: 'waiting' | 'proofs' | 'unsure' | 'named' | 'agree'; n: number } {
  if (unsent > 0) return { key: 'waiting', n: unsent };
  if (proofsWaiting > 0) return { key: 'proofs', n: proofsWaiting };
  if (!status?.allConfirmed) return { key: 'unsure', n: 0 };
  return differences.length > 0 ? { key: 'named', n: differences.length } : { key: 'agree', n: 0 };
}
