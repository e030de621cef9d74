/**
 * What an operation does to one record when nothing stands against it.
 *
 * The server uses these effects once it has decided, the handheld lays them over what the server last told it (P9). Records and
 * operations are never changed: an effect returns a new record, or the same one if it has none.
 */
import { derive } from './canonical';
import { consented, profiled, requested } from './customers';
import { called, evidence, withoutAttempt } from './evidence';
import { handed } from './handover';
import { heard, sent } from './messages';
import type {
  Address,
  ConflictRecord,
  Envelope,
  ObligationRecord,
  ParcelRecord,
  ShiftRecord,
  SyncRecord,
  TaskRecord,
  TaskStatus,
} from './records';
import { OUTCOMES, PROGRESS, RANKS, STATES } from './tables';
import { idOf, newValues, stamp, type Values } from './values';

type Effect = (record: SyncRecord | null, op: Envelope) => SyncRecord | null;

export const ASSIGNING = ['task.assigned', 'task.reassigned', 'task.reattempt_planned'];
// From these a new assignment begins a new attempt even when the courier stays the same.
const RESTARTS = ['created', 'attempt_failed', 'held'];
const ENDS_ATTEMPT = ['task.attempt_failed'];
// Whatever customer service was to decide, the parcel is no problem any more.
const SOLVES = ['task.delivered', 'task.picked_up', 'task.returned'];

/**
 * The record after `op`, by the effect alone: no holder, no base and no conflict is looked at. Null for a record that is not
 * known; some operations then make a stub, the others leave null. A fact raises a task's status and never lowers it (P19).
 */
export function apply(record: SyncRecord | null, op: Envelope): SyncRecord | null {
  const effect = Object.hasOwn(EFFECTS, op.type) ? EFFECTS[op.type] : undefined;
  return effect === undefined ? record : effect(record, op);
}

/** Where the state table leads from here, or null when it has no such way (P20). */
export function nextStatus(record: TaskRecord, opType: string): TaskStatus | null {
  return STATES[record.kind]?.[record.status]?.[opType] ?? null;
}

// --- tasks -----------------------------------------------------------------------------------------------------------

/**
 * The task after a change of plan that sets `values`.
 *
 * A new courier, or a new plan after a failed attempt, begins a new attempt: the outcome so far and a cancellation stay in the
 * log, and a problem is solved by it. Without a courier the task is back among the created ones. Sequence belongs to a courier's
 * route, so a plan for another attempt clears it.
 */
export function planned(record: TaskRecord, op: Envelope, given: Values): TaskRecord {
  const values = op.type === 'task.reattempt_planned' ? { ...given, sequence: null } : given;
  const after = set(record, op, values);
  if (!ASSIGNING.includes(op.type) || nextStatus(record, op.type) === null) return after;
  const goesOn = after.courier === record.courier && !RESTARTS.includes(record.status);
  if (goesOn && record.problem === undefined) return after;
  const status = after.courier === null ? 'created' : 'assigned';
  const { problem: _problem, handover: _handover, ...anew } = after;
  return withoutAttempt({ ...anew, status, outcome: null, cancelled: null });
}

/**
 * The task after something that physically happened.
 *
 * The status follows the table, or the rank of the outcome where the table has no way; a `late` outcome (one that contradicts
 * what is recorded) counts by rank alone, and only if it outranks (P19). A failed attempt is counted always; the calls and the
 * stay of an attempt that failed go into its outcome.
 */
export function fact(known: TaskRecord | null, op: Envelope, late = false): TaskRecord {
  const record = known ?? taskStub(op);
  const next = nextStatus(record, op.type);
  if (Object.hasOwn(PROGRESS, op.type)) return progressed(record, op, next);
  const rule = OUTCOMES[op.type];
  if (rule === undefined || !rule.for.includes(record.kind)) return record;
  const after = op.type === 'task.attempt_failed' ? { ...record, attempts: record.attempts + 1 } : record;
  const follows = !late && next !== null;
  if (!follows && rank(rule.status) <= rank(record.status)) return after;
  const ended = { ...after, status: rule.status, outcome: outcomeOf(record, op) };
  if (ENDS_ATTEMPT.includes(op.type)) return withoutAttempt(ended);
  if (!SOLVES.includes(op.type)) return ended;
  const { problem: _problem, ...solved } = ended;
  return solved;
}

function progressed(record: TaskRecord, op: Envelope, next: TaskStatus | null): TaskRecord {
  if (next === null) return record;
  return { ...record, status: next, ...(op.type === 'task.arrived' ? { arrived_at: op.at } : {}) };
}

/** A task known only by what its courier did to it: he holds it, for all a handheld can tell. */
export function taskStub(op: Envelope): TaskRecord {
  return {
    id: idOf(op.entity),
    station: '',
    kind: kindOf(op),
    parcel: '',
    customer: '',
    merchant: '',
    reference: '',
    address: { text: '', community: null, building: null, unit: null, room: null, lng_e7: null, lat_e7: null },
    status: 'assigned',
    courier: op.author,
    sequence: null,
    window_start: null,
    window_end: null,
    outcome: null,
    cancelled: null,
    attempts: 0,
    notes: [],
    touched: {},
  };
}

function kindOf(op: Envelope): TaskRecord['kind'] {
  if (op.type === 'task.taken_over') return op.payload['kind'] as TaskRecord['kind'];
  return op.type === 'task.picked_up' ? 'pickup' : 'delivery';
}

function set(record: TaskRecord, op: Envelope, values: Values): TaskRecord {
  const fields = record as unknown as Values;
  const changed = Object.entries(values).filter(([field, value]) => fields[field] !== value);
  if (!changed.length) return record;
  const stamps = Object.fromEntries(changed.map(([field]) => [field, stamp(op)]));
  return { ...record, ...Object.fromEntries(changed), touched: { ...record.touched, ...stamps } };
}

function cancelled(known: TaskRecord | null, op: Envelope): TaskRecord {
  const record = known ?? taskStub(op);
  const status = nextStatus(record, op.type) ?? record.status;
  return { ...record, status, cancelled: { ...stamp(op), reason: op.payload['reason'] as string } };
}

function outcomeOf(record: TaskRecord, op: Envelope): TaskRecord['outcome'] {
  const reason = (op.payload['reason'] ?? null) as string | null;
  const recipient = (op.payload['recipient'] ?? null) as string | null;
  const pieces = op.type === 'task.delivered' ? (op.payload['pieces'] as number | undefined) : undefined;
  const rest = op.payload['rest'] as { reason: string } | undefined;
  const shown = reason === null ? null : evidence(record, op);
  return {
    ...stamp(op),
    type: op.type,
    reason,
    recipient,
    ...(shown === null ? {} : { evidence: shown }),
    ...(pieces === undefined ? {} : { pieces }),
    ...(rest === undefined ? {} : { rest: rest.reason }),
  };
}

function problemOf(known: TaskRecord | null, op: Envelope): TaskRecord {
  const record = known ?? taskStub(op);
  const { reason, note } = op.payload as { reason: string; note: string | null };
  const shown = evidence(record, op);
  return { ...record, problem: { ...stamp(op), reason, note, ...(shown === null ? {} : { evidence: shown }) } };
}

/** One question of each kind: the newest. */
function asked(known: TaskRecord | null, op: Envelope): TaskRecord {
  const record = known ?? taskStub(op);
  const kind = op.payload['kind'] as NonNullable<TaskRecord['asked']>[number]['kind'];
  const before = (record.asked ?? []).filter((one) => one.kind !== kind);
  return { ...record, asked: [...before, { ...stamp(op), kind }] };
}

function noted(known: TaskRecord | null, op: Envelope): TaskRecord {
  const record = known ?? taskStub(op);
  return { ...record, notes: [...record.notes, { ...stamp(op), text: op.payload['text'] as string }] };
}

function rank(status: string): number {
  return RANKS[status] ?? 0;
}

// --- orders ----------------------------------------------------------------------------------------------------------

/** Payload of `order.imported`. */
interface Order {
  kind: 'delivery' | 'pickup';
  merchant: string;
  reference: string;
  waybill: string;
  pieces: number;
  weight_g: number | null;
  goods: string | null;
  customer: { id: string; name: string; phone: string };
  address: Address;
  window_start: number | null;
  window_end: number | null;
  cod_minor: number;
  currency: string;
  requests: { id: string; kind: string; text: string }[];
  sequence: number | null;
  after: string | null;
  pin_required?: boolean;
}

export function orderOf(op: Envelope): Order {
  return op.payload as unknown as Order;
}

/** The task an order makes; assigning it is a matter of its own, whatever the file says. */
export function orderedTask(op: Envelope, station: string): TaskRecord {
  const order = orderOf(op);
  return {
    id: idOf(op.entity),
    station,
    kind: order.kind,
    parcel: derive('parcel', order.waybill),
    customer: order.customer.id,
    merchant: order.merchant,
    reference: order.reference,
    address: order.address,
    status: 'created',
    courier: null,
    sequence: order.sequence,
    window_start: order.window_start,
    window_end: order.window_end,
    outcome: null,
    cancelled: null,
    attempts: 0,
    notes: [],
    touched: {},
    ...(order.pin_required === true ? { pin_required: true } : {}),
  };
}

/**
 * Whether an order makes a task anew: it names the very cancellation that stands, and nobody was at the door. An order that names
 * none never does, so that yesterday's file cannot bring back what was cancelled since.
 */
export function followsCancellation(task: TaskRecord, op: Envelope): boolean {
  const untouched = task.status === 'cancelled' && task.outcome === null && task.attempts === 0;
  return untouched && task.cancelled !== null && task.cancelled.op_id === orderOf(op).after;
}

/** The parcel an order speaks of; one that was scanned before it was announced keeps its scans. */
export function orderedParcel(record: ParcelRecord | null, op: Envelope): ParcelRecord {
  const { waybill, pieces, weight_g, goods } = orderOf(op);
  const known = record ?? { scans: 0, last_scan: null };
  return { ...known, id: derive('parcel', waybill), waybill, pieces, weight_g, goods };
}

/** What is to be collected for an order; nothing is due when it is nothing. */
export function orderedObligation(op: Envelope): ObligationRecord {
  const { cod_minor, currency } = orderOf(op);
  const id = idOf(op.entity);
  const status = cod_minor > 0 ? 'due' : 'settled';
  return { id, task: id, amount_minor: cod_minor, currency, status, collected: null };
}

// --- parcels, money, shifts, cases ------------------------------------------------------------------------

function scanned(record: ParcelRecord | null, op: Envelope): ParcelRecord {
  const { waybill, verdict } = op.payload as { waybill: string; verdict: never };
  const known = record ?? { id: idOf(op.entity), waybill, pieces: 1, weight_g: null, goods: null, scans: 0 };
  return { ...known, scans: known.scans + 1, last_scan: { ...stamp(op), verdict } };
}

function collected(record: ObligationRecord | null, op: Envelope): ObligationRecord | null {
  if (record === null || record.status === 'settled') return record;
  const { amount_minor, method } = op.payload as { amount_minor: number; method: string };
  return { ...record, status: 'settled', collected: { ...stamp(op), amount_minor, method } };
}

function started(record: ShiftRecord | null, op: Envelope): ShiftRecord {
  if (record !== null) return record;
  return {
    id: idOf(op.entity),
    station: op.payload['station'] as string,
    courier: op.author,
    status: 'open',
    started_at: op.at,
    closed_at: null,
    counts: null,
  };
}

function closed(record: ShiftRecord | null, op: Envelope): ShiftRecord | null {
  if (record === null || record.status === 'closed') return record;
  return {
    ...record,
    status: 'closed',
    closed_at: op.at,
    counts: { ...op.payload } as unknown as ShiftRecord['counts'],
  };
}

function decided(record: ConflictRecord | null, op: Envelope): ConflictRecord | null {
  if (record === null || record.status === 'decided') return record;
  const decision = { ...stamp(op), ...op.payload } as unknown as ConflictRecord['decision'];
  return { ...record, status: 'decided', decision };
}

/** Open again, if it is the present decision that is taken back. */
function undone(record: ConflictRecord | null, op: Envelope): ConflictRecord | null {
  if (record === null || record.decision === null || record.decision.op_id !== op.payload['decision']) return record;
  return { ...record, status: 'open', decision: null };
}

/** Who looks after a case; nobody has to any more once it is decided. */
function owned(record: ConflictRecord | null, op: Envelope): ConflictRecord | null {
  const owner = op.payload['owner'] as string | null;
  if (record === null || record.status === 'decided' || record.owner === owner) return record;
  return { ...record, owner };
}

/** A table of effects on records of different kinds: the type of an operation says of which (`operations.json`). */
function on<R extends SyncRecord>(effect: (record: R | null, op: Envelope) => R | null): Effect {
  return (record, op) => effect(record as R | null, op);
}

const plan = on<TaskRecord>((record, op) => planned(record ?? taskStub(op), op, newValues(op)));
const happened = on<TaskRecord>((record, op) => fact(record, op));
const changesHands = on<TaskRecord>((record, op) => handed(record ?? taskStub(op), op).after);

const EFFECTS: Record<string, Effect> = {
  'order.imported': on<TaskRecord>((record, op) => record ?? orderedTask(op, '')),
  'task.assigned': plan,
  'task.reassigned': plan,
  'task.reattempt_planned': plan,
  'task.window_changed': plan,
  'task.cancelled': on(cancelled),
  'task.out_for_delivery': happened,
  'task.arrived': happened,
  'task.delivered': happened,
  'task.picked_up': happened,
  'task.attempt_failed': happened,
  'task.held': happened,
  'task.returned': happened,
  'task.noted': on(noted),
  'task.called': on<TaskRecord>((record, op) => called(record ?? taskStub(op), op)),
  'task.consent_asked': on(asked),
  'task.problem_reported': on(problemOf),
  'task.handed_over': changesHands,
  'task.taken_over': changesHands,
  'parcel.scanned': on(scanned),
  'customer.request_set': on(requested),
  'customer.profile_set': on(profiled),
  'customer.consent_set': on(consented),
  'payment.collected': on(collected),
  'shift.started': on(started),
  'shift.closed': on(closed),
  'conflict.decided': on(decided),
  'conflict.assigned': on(owned),
  'conflict.undone': on(undone),
  'message.sent': on(sent),
  'message.received': on(heard),
  'message.read': on(heard),
};
