/** Handing in: this phone's count beside the server's, and what still stands in the way. Pure. */
import type { Draft, ShiftView, SyncStatus, TaskView } from '../../engine';
import { isLeft, isStopped } from '../task';

export interface Closing {
  recorded: number;
  confirmed: number;
  waiting: number;
  proofsWaiting: number;
  left: TaskView[];
  stopped: TaskView[];
  cash: number;
}

export type Blocked = 'noShift' | 'waiting' | 'proofs' | 'unsure';

export function closing(tasks: readonly TaskView[], status: SyncStatus | null, shift: ShiftView | null): Closing {
  return {
    recorded: status?.recorded ?? 0,
    confirmed: status?.confirmed ?? 0,
    waiting: status?.waiting ?? 0,
    proofsWaiting: status?.proofsWaiting ?? 0,
    left: tasks.filter(isLeft),
    stopped: tasks.filter(isStopped),
    cash: shift?.cash_minor ?? 0,
  };
}

/** A shift closes only when the server itself said that it has everything of this phone. */
export function blockedBy(status: SyncStatus | null, shift: ShiftView | null): Blocked | null {
  if (shift?.status !== 'open') return 'noShift';
  if (!status || status.waiting > 0) return 'waiting';
  if (status.proofsWaiting > 0) return 'proofs';
  return status.allConfirmed ? null : 'unsure';
}

export function closeShift(entity: string, { recorded, confirmed, waiting, cash }: Closing): Draft[] {
  return [{ type: 'shift.closed', entity, payload: { recorded, confirmed, waiting, cash_minor: cash } }];
}
