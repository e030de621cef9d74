/** The one mark that says how the work on this phone stands. Pure. */
import type { SyncStatus } from '../../engine';

export interface SyncMark {
  state: 'saved' | 'confirmed' | 'needs_you';
  words: 'needsYou' | 'waiting' | 'proofs' | 'confirmed' | 'nothing';
  n: number;
  offline: boolean;
}

/** "All confirmed" is said only when the server itself said so (P32). */
export function syncMark(status: SyncStatus | null): SyncMark {
  const offline = status?.phase === 'offline';
  if (!status) return { state: 'saved', words: 'nothing', n: 0, offline };
  if (status.needsYou > 0) return { state: 'needs_you', words: 'needsYou', n: status.needsYou, offline };
  if (status.waiting > 0) return { state: 'saved', words: 'waiting', n: status.waiting, offline };
  if (status.proofsWaiting > 0) return { state: 'saved', words: 'proofs', n: status.proofsWaiting, offline };
  if (status.allConfirmed) return { state: 'confirmed', words: 'confirmed', n: 0, offline };
  return { state: 'saved', words: 'nothing', n: 0, offline };
}
