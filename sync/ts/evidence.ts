/**
 * What an attempt at a door can show for itself: the calls, the stay, photos and a note, and what its reason demands.
 *
 * The handheld says before the courier leaves what a complaint would ask for; the record says it for ever. Nothing is refused for
 * a lack of it (P19).
 */
import type { Envelope, Evidence, EvidenceName, TaskRecord } from './records';
import { REASONS } from './tables';
import { stamp } from './values';

/** The newest calls of an attempt; all of them are in the log. */
const CALLS_KEPT = 20;
/** Where a courier can still tell that he has arrived: after a failed attempt the status has no way back. */
const BEFORE = ['assigned', 'out_for_delivery', 'arrived'];

/** The task after a call or a message to its customer. */
export function called(record: TaskRecord, op: Envelope): TaskRecord {
  const { channel, result } = op.payload as Pick<NonNullable<TaskRecord['calls']>[number], 'channel' | 'result'>;
  const calls = [...(record.calls ?? []), { ...stamp(op), channel, result }].slice(-CALLS_KEPT);
  return { ...record, calls };
}

/**
 * What the report `op` on a task as it stands can show; null for a reason that demands nothing. Calls are the author's own since
 * the last attempt, whatever came of them; the stay is from arrival to report.
 */
export function evidence(record: TaskRecord, op: Envelope): Evidence | null {
  const { reason, photos, note } = op.payload as { reason: string; photos: string[]; note: string | null };
  return shown(record, op.author, reason, { photos: photos.length, note, at: op.at });
}

/** The same for a report that is not recorded yet: what the courier would have to show if he left at `at` (ms). */
export function shown(
  record: TaskRecord,
  author: string,
  reason: string,
  { photos, note, at }: { photos: number; note: string | null; at: number },
): Evidence | null {
  const asked = Object.entries(REASONS[reason]?.evidence ?? {}) as [EvidenceName, number | boolean][];
  if (!asked.length) return null;
  const arrived = record.arrived_at;
  const have = {
    calls: (record.calls ?? []).filter((call) => call.author === author).length,
    dwell_s: arrived === undefined ? null : Math.max(0, Math.floor((at - arrived) / 1000)),
    photos,
    note: note !== null && note.trim() !== '',
  };
  const missing = asked
    .filter(([name, need]) => Number(have[name] ?? 0) < Number(need))
    .filter(([name]) => name !== 'dwell_s' || BEFORE.includes(record.status))
    .map(([name]) => name);
  return { ...have, missing };
}

/** The task without what belongs to one attempt: another begins. */
export function withoutAttempt(record: TaskRecord): TaskRecord {
  const { calls: _calls, arrived_at: _arrived, ...rest } = record;
  return rest;
}
