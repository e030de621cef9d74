/** What the screen of dead notices holds: the list, and what was sent again. */
import type { DeadNotice } from './types';

class Dead {
  /** Null until it was read. */
  notices = $state.raw<DeadNotice[] | null>(null);
  /** The last reading failed. */
  failed = $state(false);
  /** Ids that are being sent again. */
  busy = $state.raw<ReadonlySet<string>>(new Set());
  /** Ids whose sending again failed. */
  stuck = $state.raw<ReadonlySet<string>>(new Set());
}

export const dead = new Dead();
