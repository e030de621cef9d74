/** What `GET /api/v1/notices/dead` answers. Times are ms since the epoch, UTC. */
import type { Person } from '../types';

export interface DeadNotice {
  id: string;
  kind: string | null;
  to: 'courier' | 'customer' | null;
  courier: Person | null;
  task: string | null;
  waybill: string | null;
  attempts: number;
  dead_at: number;
  /** One word: answer_413, expired, address_not_public ... */
  reason: string | null;
}

export interface DeadAnswer {
  notices: DeadNotice[];
  server_time: number;
}
