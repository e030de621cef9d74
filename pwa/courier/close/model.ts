/** Handing in: this phone's count beside the server's, what they differ in, and what still stands in the way. Pure. */
import type { Difference, Draft, ItemState, Receipt, ShiftView, SyncStatus, TaskView } from '../../engine';

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
