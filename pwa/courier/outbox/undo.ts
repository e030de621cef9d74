/** What was recorded a short while ago and can still be taken back, in the pieces in which it was done. Pure. */
import type { Envelope } from '../../engine';

/** As long as the desk may take back a decision. ms. */
export const UNDO_MS = 10 * 60_000;
/** Operations of one press are stamped within this of each other. ms. */
const ONE_PRESS = 1_500;

const CAN = new Set([
  'task.out_for_delivery',
  'task.arrived',
  'task.delivered',
  'task.picked_up',
  'task.attempt_failed',
  'task.held',
  'task.returned',
  'task.problem_reported',
  'task.handed_over',
  'task.taken_over',
  'task.noted',
  'payment.collected',
  'parcel.scanned',
]);

/** What names a press that recorded several: the gravest of them. */
const FIRST = [
  'task.delivered',
  'task.picked_up',
  'task.attempt_failed',
  'task.held',
  'task.returned',
  'task.problem_reported',
];
/** Words about a task: nothing that was done there rests on them. */
const ASIDE = new Set(['task.noted', 'task.called', 'task.consent_asked']);

export interface Undoable {
  /** The operations of one press, in the order they were recorded. */
  operations: Envelope[];
  type: string;
  at: number;
  /** Of how many things: 36 parcels leave with one press. */
  n: number;
  entity: string;
  waybill: string | null;
}

/**
 * The newest first. What something later of this courier's rests on cannot be taken back: a door is not un-arrived at after its
 * sign-off; that goes first.
 */
export function undoables(operations: readonly Envelope[], now: number): Undoable[] {
  const takenBack = new Set(operations.map((op) => op.payload['corrects']).filter(Boolean));
  const standing = operations.filter((op) => op.type !== 'operation.corrected' && !takenBack.has(op.op_id));
  const done = standing.filter((op) => op.type.startsWith('task.') && !ASIDE.has(op.type));
  const last = new Map(done.map((op) => [op.entity, op]));
  return presses(standing)
    .filter((press) => press.every((op) => CAN.has(op.type) && now - op.at <= UNDO_MS && now >= op.at - UNDO_MS))
    .filter((press) => press.every((op) => ASIDE.has(op.type) || isLast(press, op, last)))
    .map(named)
    .reverse();
}

function isLast(press: Envelope[], op: Envelope, last: ReadonlyMap<string, Envelope>): boolean {
  const end = last.get(op.entity);
  return end === undefined || press.includes(end);
}

function presses(operations: readonly Envelope[]): Envelope[][] {
  const found: Envelope[][] = [];
  for (const op of operations) {
    const before = found.at(-1)?.at(-1);
    const together =
      before !== undefined &&
      before.type !== 'parcel.scanned' &&
      op.type !== 'parcel.scanned' &&
      before.boot === op.boot &&
      (before.seq ?? 0) + 1 === op.seq &&
      Math.abs(op.at - before.at) <= ONE_PRESS;
    if (together) found.at(-1)?.push(op);
    else found.push([op]);
  }
  return found;
}

function named(operations: Envelope[]): Undoable {
  const head = operations.find((op) => FIRST.includes(op.type)) ?? (operations[0] as Envelope);
  const entities = new Set(operations.filter((op) => op.type === head.type).map((op) => op.entity));
  const said = head.payload['waybill'];
  return {
    operations,
    type: head.type,
    at: head.at,
    n: entities.size,
    entity: head.entity,
    waybill: typeof said === 'string' ? said : null,
  };
}
