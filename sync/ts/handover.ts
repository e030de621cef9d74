/**
 * A parcel handed from one courier to another on the road, without a network: two facts, either of which may come first, late, or
 * alone. Whoever has it in hand is its holder at once (P19).
 */
import { withoutAttempt } from './evidence';
import type { Envelope, Handover, TaskRecord } from './records';
import { STATES } from './tables';
import { stamp } from './values';

const GIVEN = 'task.handed_over';
export const HANDOVERS = [GIVEN, 'task.taken_over'];
const OVER = ['delivered', 'picked_up', 'returned'];

/**
 * The task after what one side tells of a hand-over, and whether that is up against something. A taker's word moves the task,
 * since he says that he has it; a giver's moves it only when he was its holder. What is delivered or returned moves no more.
 */
export function handed(record: TaskRecord, op: Envelope): { after: TaskRecord; disputed: boolean } {
  const { giver, taker } = sides(op);
  if (giver === taker) return { after: record, disputed: false };
  const { handover: known = null, courier: holder } = record;
  const mine = op.type === GIVEN ? 'given' : 'taken';
  const other = known !== null && (known.giver !== giver || known.taker !== taker);
  const blank: Handover = { giver, taker, given: null, taken: null };
  const entry: Handover = { ...(known === null || other ? blank : known), [mine]: stamp(op) };
  const told = { ...record, handover: entry };
  if (OVER.includes(record.status)) {
    return { after: told, disputed: record.outcome === null || record.outcome.author !== taker };
  }
  if (other && known.giver === giver && holder === known.taker) {
    // Two takers of one giver: who has said so himself keeps it, else whoever says so now.
    const stays = mine === 'given' || known.taken !== null;
    return { after: stays ? record : moved(told, op, taker), disputed: true };
  }
  if (holder === taker) return { after: told, disputed: other && known.taker === taker };
  if (holder === giver) return { after: moved(told, op, taker), disputed: false };
  return { after: mine === 'taken' ? moved(told, op, taker) : told, disputed: true };
}

/** Who gave and who took, by what one of them says. */
export function sides(op: Envelope): { giver: string; taker: string } {
  const { to, from } = op.payload as { to: string; from: string };
  return op.type === GIVEN ? { giver: op.author, taker: to } : { giver: from, taker: op.author };
}

/** On the taker's list: a new attempt begins, whatever the old one came to. */
function moved(record: TaskRecord, op: Envelope, taker: string): TaskRecord {
  const status = STATES[record.kind]?.[record.status]?.[op.type] ?? record.status;
  const touched = { ...record.touched, courier: stamp(op) };
  const outcome = status === record.status ? record.outcome : null;
  return withoutAttempt({ ...record, courier: taker, sequence: null, status, touched, outcome });
}
