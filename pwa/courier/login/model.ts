/** What a person is told who is not logged in: what waits, and that it goes by itself. Pure. */
import type { SyncStatus } from '../../engine';

/** How many records, photos and signatures are still to be handed in. */
export function toHandIn(status: SyncStatus | null): number {
  return (status?.waiting ?? 0) + (status?.proofsWaiting ?? 0);
}
