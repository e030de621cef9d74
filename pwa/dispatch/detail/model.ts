/** The right pane: timeline of a task told line by line. Pure. */
import { isSkewed } from '../conflicts/model';
import type { Person, Proof, TimelineEntry } from '../types';
import { isRecord, shown, type Shown } from '../values';

const MISSING = ['missing_calls', 'missing_dwell_s', 'missing_photos', 'missing_note'];

/** What is said behind the operation's word, in the order a colleague would say it. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  'order.imported': ['merchant', 'reference'],
  'task.assigned': ['courier'],
  'task.reassigned': ['courier', 'reason_text'],
  'task.cancelled': ['reason_text'],
  'task.window_changed': ['window_start', 'window_end'],
  'task.reattempt_planned': ['courier', 'window_start', 'window_end'],
  'task.delivered': ['recipient', 'recipient_name', 'consent', 'consent_note', 'pieces', 'reason', 'note', 'together'],
  'task.picked_up': ['pieces', 'weight_g', 'packaging'],
  'task.attempt_failed': ['reason', 'note', ...MISSING],
  'task.held': ['reason', 'note', ...MISSING],
  'task.returned': ['reason', 'note', ...MISSING],
  'task.problem_reported': ['reason', 'note', ...MISSING],
  'task.called': ['channel', 'result'],
  'task.consent_asked': ['kind'],
  'task.handed_over': ['to'],
  'task.taken_over': ['from'],
  'task.noted': ['text'],
  'parcel.scanned': ['verdict', 'source'],
  'customer.request_set': ['text'],
  'payment.collected': ['amount_minor', 'method'],
  'operation.corrected': ['error', 'note'],
  'conflict.decided': ['outcome', 'reason_text'],
  'message.sent': ['text'],
};

export interface Said {
  field: string;
  value: Shown;
}

/** Reasons of plan operations are free text; those of the courier are codes of the reason list. */
export function sayings(entry: Pick<TimelineEntry, 'type' | 'payload'>): Said[] {
  const payload = entry.payload ?? {};
  return (SAID[entry.type] ?? [])
    .map((name) => {
      const field = name === 'reason_text' ? 'reason' : name;
      const value = payload[field];
      const told: Shown =
        name === 'reason_text' && typeof value === 'string' ? { as: 'text', value } : shown(field, value);
      return { field, value: told };
    })
    .filter((said) => said.value.as !== 'nothing');
}

/** Delay between the handheld's clock and the server's receipt that is worth a word, ms. */
const LATE = 60_000;

export function delayOf(entry: Pick<TimelineEntry, 'at' | 'received_at'>): number | null {
  const delay = entry.received_at - entry.at;
  return Math.abs(delay) >= LATE ? delay : null;
}

type Timed = Pick<TimelineEntry, 'at' | 'received_at' | 'skew_ms'>;

/** When it happened on the server's clock, ms: a handheld whose clock runs wrong does not jump the queue. */
export function happened(entry: Timed): number {
  return entry.at + (isSkewed(entry.skew_ms) ? (entry.skew_ms ?? 0) : 0);
}

/** Newest first: what happened last is what the dispatcher is asked about. */
export function timelineInOrder<T extends Timed>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => happened(b) - happened(a) || b.received_at - a.received_at);
}

export function nameOf(author: string | Person | null | undefined): string {
  if (typeof author === 'string') return author;
  return isRecord(author) && typeof author['name'] === 'string' ? author['name'] : '';
}

export function proofSource(proof: Pick<Proof, 'sha'>): string {
  return `/api/v1/blobs/${encodeURIComponent(proof.sha)}`;
}
