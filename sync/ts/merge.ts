/**
 * The decision: what becomes of one operation, given the records as they stand (P18 to P21).
 *
 * `decide` looks at the board and says what changes and what has to go before a person; it changes nothing itself. `fold` runs
 * the same decisions over an entity's log again when an operation of it no longer counts.
 */
import {
  apply,
  ASSIGNING,
  fact,
  followsCancellation,
  nextStatus,
  orderedObligation,
  orderedParcel,
  orderedTask,
  orderOf,
  planned,
} from './apply';
import { derive } from './canonical';
import {
  disputedCase,
  factCase,
  fieldCase,
  handoverCase,
  lateRequestCase,
  paymentCase,
  planCase,
  problemCase,
  type CaseDraft,
} from './conflict';
import { differs, orderedCustomer, profileSet, requestOf, requestSet, saysMore } from './customers';
import { dispute, doorCases, speaksForHolder } from './door';
import { HANDOVERS, handed } from './handover';
import type {
  ConflictRecord,
  CustomerRecord,
  CustomerRequest,
  Envelope,
  Json,
  JsonObject,
  ObligationRecord,
  ParcelRecord,
  ResultStatus,
  ShiftRecord,
  SyncRecord,
  TaskRecord,
} from './records';
import { FIELDS, OUTCOMES, PROGRESS } from './tables';
import { idOf, newValues, same, threeWay, type Gone, type Merge, type Values } from './values';

export type Board = Record<string, SyncRecord>;

export const AWAITING = 'awaiting_entity';
const MAKES = ['parcel.scanned', 'message.sent'];
// A task in one of these needs nobody at the door any more.
const FINISHED = ['delivered', 'picked_up', 'returned', 'cancelled'];

/** How an operation ends, with what changes and what is disputed. */
export interface Decision {
  status: ResultStatus;
  code: string | null;
  changes: Board;
  cases: CaseDraft[];
}

/**
 * What a decision may know beside the board. `gone` holds values of operations that were left out of a fold: a writer who saw one
 * of them saw what stood then, so his base is no dispute. `forced` says that a person decided for this operation.
 */
interface Context {
  rev: number | null;
  station: string;
  pin: string | null;
  forced: boolean;
  gone: Gone;
}

type Decider = (board: Board, op: Envelope, context: Context) => Decision;

/**
 * Decides one valid operation. `board` holds the records it may touch by entity: for an operation on a task also the task's
 * obligation if there is one, its parcel and its customer, for an order its parcel and customer, for a request the task it names.
 * `rev` is the present revision of the operation's entity, `station` the author's: what an order makes belongs to it. `pin` is the
 * code the task is handed over for, where there is one.
 */
export function decide(
  board: Board,
  op: Envelope,
  rev: number | null = null,
  station: string | null = null,
  pin: string | null = null,
): Decision {
  return decideIn(board, op, { rev, station: station ?? '', pin, forced: false, gone: {} });
}

/**
 * Rebuilds the records that carry `entity`'s id from its accepted operations in the server's order. Operations in `left` are left
 * out, those in `force` win their contested fields (a person decided so). Cases are not opened again.
 */
export function fold(
  entity: string,
  ops: Envelope[],
  left: ReadonlySet<string> = new Set(),
  force: ReadonlySet<string> = new Set(),
  station: string | null = null,
): Board {
  const board: Board = {};
  const gone: Gone = {};
  for (const op of ops) {
    if (left.has(op.op_id)) {
      remember(gone, op, op.type in FIELDS ? newValues(op) : {});
      continue;
    }
    const forced = force.has(op.op_id);
    if (forced) remember(gone, op, standingValues(board[op.entity], op));
    Object.assign(board, decideIn(board, op, { rev: null, station: station ?? '', pin: null, forced, gone }).changes);
  }
  const wanted = idOf(entity);
  return Object.fromEntries(Object.entries(board).filter(([name]) => idOf(name) === wanted));
}

function decideIn(board: Board, op: Envelope, context: Context): Decision {
  const special = Object.hasOwn(SPECIAL, op.type) ? SPECIAL[op.type] : undefined;
  if (special !== undefined) return special(board, op, context);
  const record = board[op.entity];
  if (record === undefined) return MAKES.includes(op.type) ? plainly(op, null) : DEFERRED;
  if (op.type in OUTCOMES) return outcome(board, op, record as TaskRecord, context);
  if (op.type in PROGRESS) return progress(op, record as TaskRecord);
  if (op.type in FIELDS) return plan(op, record as TaskRecord, context);
  if (HANDOVERS.includes(op.type)) return handover(op, record as TaskRecord);
  if (op.type === 'task.problem_reported') return problem(op, record as TaskRecord);
  return plainly(op, record);
}

/** The effect as it is; one that changes nothing was there already. */
function plainly(op: Envelope, record: SyncRecord | null): Decision {
  const after = apply(record, op);
  if (after === null || after === record) return ended('merged');
  return ended('applied', { [op.entity]: after });
}

function ended(status: ResultStatus, changes: Board = {}, cases: CaseDraft[] = []): Decision {
  return { status, code: null, changes, cases };
}

function quarantined(code: string): Decision {
  return { status: 'quarantined', code, changes: {}, cases: [] };
}

const DEFERRED: Decision = { status: 'deferred', code: AWAITING, changes: {}, cases: [] };

function changed(op: Envelope, before: SyncRecord, after: SyncRecord): Board {
  return after === before ? {} : { [op.entity]: after };
}

// --- facts -----------------------------------------------------------------------------------------------------------

/** Setting out and arriving are told by whoever did so; they move the holder's open task and nothing else. */
function progress(op: Envelope, record: TaskRecord): Decision {
  const stands = record.cancelled === null && nextStatus(record, op.type) !== null;
  return stands && speaksForHolder(record, op) ? plainly(op, record) : ended('merged');
}

function outcome(board: Board, op: Envelope, record: TaskRecord, context: Context): Decision {
  if (!OUTCOMES[op.type]?.for.includes(record.kind)) return quarantined('wrong_kind');
  const kind = dispute(record, op);
  const after = fact(record, op, kind !== null);
  const cases = kind === null ? [] : [factCase(kind, record, op)];
  if (after.outcome?.op_id === op.op_id) {
    const around = {
      parcel: (board[`parcel:${record.parcel}`] as ParcelRecord | undefined) ?? null,
      customer: (board[`customer:${record.customer}`] as CustomerRecord | undefined) ?? null,
      obligation: (board[`obligation:${record.id}`] as ObligationRecord | undefined) ?? null,
    };
    cases.push(...doorCases(record, op, { ...around, pin: context.pin }));
  }
  return ended(cases.length ? 'conflict' : 'applied', changed(op, record, after), cases);
}

/** Kept always, and always put before customer service: nobody else says what becomes of the parcel. */
function problem(op: Envelope, record: TaskRecord): Decision {
  return ended('conflict', plainly(op, record).changes, [problemCase(record, op)]);
}

function handover(op: Envelope, record: TaskRecord): Decision {
  const { after, disputed } = handed(record, op);
  const changes = changed(op, record, after);
  if (disputed) return ended('conflict', changes, [handoverCase(record, op)]);
  return ended(after === record ? 'merged' : 'applied', changes);
}

// --- plans -----------------------------------------------------------------------------------------------------------

const cancel: Decider = (board, op) => {
  const record = board[op.entity] as TaskRecord | undefined;
  if (record === undefined) return DEFERRED;
  if (record.status === 'cancelled') return ended('merged');
  if (nextStatus(record, op.type) === null) return ended('conflict', {}, [planCase(record, op)]);
  return plainly(op, record);
};

function plan(op: Envelope, record: TaskRecord, context: Context): Decision {
  if (nextStatus(record, op.type) === null) return ended('conflict', {}, [planCase(record, op)]);
  const mine = newValues(op);
  const merge = context.forced ? { values: mine, contested: [] } : mergedPlan(op, record, mine, context);
  const [first] = merge.contested;
  if (first === undefined) {
    const after = planned(record, op, merge.values);
    return ended(how(op, record, after, context), changed(op, record, after));
  }
  const one = fieldCase(op, mine, fieldsOf(record), record.touched[first] ?? null, merge.contested);
  const after = merge.contested.includes('courier') ? record : planned(record, op, merge.values);
  return ended('conflict', changed(op, record, after), [one]);
}

/** The merge of a plan's fields; a window that would end before it starts is a dispute over the whole window. */
function mergedPlan(op: Envelope, record: TaskRecord, mine: Values, context: Context): Merge {
  const theirs = fieldsOf(record);
  const merge = threeWay(op.base, theirs, mine, context.gone);
  const start = (merge.values['window_start'] ?? null) as number | null;
  const end = (merge.values['window_end'] ?? null) as number | null;
  if (merge.contested.length || start === null || end === null || start <= end) return merge;
  const window = ['window_start', 'window_end'];
  const values = Object.fromEntries(
    Object.entries(merge.values).map(([name, value]) => [name, window.includes(name) ? (theirs[name] as Json) : value]),
  );
  return { values, contested: window.filter((name) => mine[name] !== theirs[name]) };
}

/** Merged when the writer did not see the present revision, or nothing was left to change. */
function how(op: Envelope, before: SyncRecord, after: SyncRecord, context: Context): ResultStatus {
  const late = context.rev !== null && op.base_rev !== null && op.base_rev < context.rev;
  return late || after === before ? 'merged' : 'applied';
}

const request: Decider = (board, op, context) => {
  const record = board[op.entity] as CustomerRecord | undefined;
  if (record === undefined) return DEFERRED;
  const mine = newValues(op);
  const known = requestOf(record, op);
  const merge = known === undefined ? { values: mine, contested: [] } : mergedRequest(op, known, mine, context);
  const sets = known === undefined || context.forced || changesRequest(known, op, merge);
  const after = sets ? requestSet(record, op, merge.values) : record;
  const cases: CaseDraft[] = [];
  if (known !== undefined && merge.contested.length) {
    cases.push(fieldCase(op, mine, fieldsOf(known), record.touched[known.id] ?? null, merge.contested));
  }
  const late = sets ? lateFor(board, op) : null;
  if (late !== null) cases.push(lateRequestCase(late, op));
  return ended(cases.length ? 'conflict' : how(op, record, after, context), changed(op, record, after), cases);
};

/** The merge of a request; what has been accepted stays accepted, and a proposal to change it is a dispute. */
function mergedRequest(op: Envelope, known: CustomerRequest, mine: Values, context: Context): Merge {
  const proposes = known.state === 'accepted' && mine['state'] === 'proposed';
  if (context.forced) return { values: proposes ? { ...mine, state: known.state } : mine, contested: [] };
  const stands = fieldsOf(known);
  const names = Object.keys(mine);
  if (proposes) {
    const values = Object.fromEntries(names.map((name) => [name, stands[name] as Json]));
    return { values, contested: names.filter((name) => name !== 'state' && !same(mine[name], stands[name])) };
  }
  const gone = Object.fromEntries(names.map((name) => [name, context.gone[`${known.id}.${name}`] ?? []]));
  return threeWay(op.base, stands, mine, gone);
}

function changesRequest(known: CustomerRequest, op: Envelope, { values, contested }: Merge): boolean {
  const kept = contested.length > 0 || op.payload['state'] !== values['state'];
  return kept ? differs(known, values) : saysMore(known, op, values);
}

/** The finished task that the customer himself still wishes something for (P19). */
function lateFor(board: Board, op: Envelope): TaskRecord | null {
  const { task: named, active } = op.payload;
  const customer = idOf(op.entity);
  const task = board[`task:${named as string}`] as TaskRecord | undefined;
  if (task === undefined || op.author !== customer || task.customer !== customer || active !== true) return null;
  return FINISHED.includes(task.status) ? task : null;
}

const profile: Decider = (board, op, context) => {
  const record = board[op.entity] as CustomerRecord | undefined;
  if (record === undefined) return DEFERRED;
  const mine = newValues(op);
  const merge = context.forced
    ? { values: mine, contested: [] }
    : threeWay(op.base, fieldsOf(record), mine, context.gone);
  const after = profileSet(record, op, merge.values);
  const [first] = merge.contested;
  if (first === undefined) return ended(how(op, record, after, context), changed(op, record, after));
  const one = fieldCase(op, mine, fieldsOf(record), record.profile_touched[first] ?? null, merge.contested);
  return ended('conflict', changed(op, record, after), [one]);
};

function remember(gone: Gone, op: Envelope, values: Values): void {
  const wanted = op.payload['request'];
  for (const [name, value] of Object.entries(values)) {
    const key = wanted ? `${String(wanted)}.${name}` : name;
    gone[key] = [...(gone[key] ?? []), value];
  }
}

/** What the record says in the fields that a forced operation is about to win. */
function standingValues(record: SyncRecord | undefined, op: Envelope): Values {
  const names = FIELDS[op.type];
  if (record === undefined || names === undefined) return {};
  const pick = (from: JsonObject): Values => Object.fromEntries(names.map((name) => [name, from[name] as Json]));
  if (ASSIGNING.includes(op.type) || op.type === 'task.window_changed') return pick(fieldsOf(record));
  if (op.type === 'customer.profile_set') return pick(fieldsOf(record));
  const known = requestOf(record as CustomerRecord, op);
  return known === undefined ? {} : pick(fieldsOf(known));
}

/** A record, or part of one, looked at as fields by name. */
function fieldsOf(record: object): JsonObject {
  return record as JsonObject;
}

// --- orders, money, shifts, words about operations -------------------------------------------------------------------

const order: Decider = (board, op, context) => {
  const { merchant, reference, waybill, customer, cod_minor } = orderOf(op);
  const known = board[op.entity] as TaskRecord | undefined;
  if (known !== undefined && !followsCancellation(known, op)) {
    const same = known.merchant === merchant && known.reference === reference;
    return same ? ended('merged') : quarantined('waybill_taken');
  }
  const task = orderedTask(op, context.station);
  const parcel = `parcel:${derive('parcel', waybill)}`;
  const person = `customer:${customer.id}`;
  const changes: Board = {
    [parcel]: orderedParcel((board[parcel] as ParcelRecord | undefined) ?? null, op),
    [op.entity]: task,
    [person]: orderedCustomer((board[person] as CustomerRecord | undefined) ?? null, op, context.station),
  };
  const obligation = `obligation:${task.id}`;
  if (cod_minor > 0 || obligation in board) changes[obligation] = orderedObligation(op);
  return ended('applied', changes);
};

const payment: Decider = (board, op) => {
  const record = board[op.entity] as ObligationRecord | undefined;
  if (record === undefined) return DEFERRED;
  if (record.status === 'settled') return ended('conflict', {}, [paymentCase('second_payment', record, op)]);
  const settled = plainly(op, record);
  const { amount_minor, currency } = op.payload;
  if (amount_minor === record.amount_minor && currency === record.currency) return settled;
  return ended('conflict', settled.changes, [paymentCase('amount_differs', record, op)]);
};

const shift: Decider = (board, op) => {
  const record = board[op.entity] as ShiftRecord | undefined;
  if (record === undefined && op.type === 'shift.closed') return DEFERRED;
  if (record !== undefined && record.courier !== op.author) return quarantined('forbidden');
  return plainly(op, record ?? null);
};

/**
 * Accepted as it is: whoever keeps the log folds the entity again without the operation it names. When it is the customer who says
 * that it did not happen, somebody has to look into it as well.
 */
const correction: Decider = (board, op) => {
  const record = board[op.entity];
  if (record === undefined) return DEFERRED;
  const own = op.entity.startsWith('task:') && op.author === (record as TaskRecord).customer;
  return own ? ended('conflict', {}, [disputedCase(record as TaskRecord, op)]) : ended('applied');
};

/** A case taken or handed on by somebody who did not see who has it now stays with whom it is. */
const ownership: Decider = (board, op) => {
  const record = board[op.entity] as ConflictRecord | undefined;
  if (record === undefined) return DEFERRED;
  return 'owner' in op.base && op.base['owner'] !== record.owner ? ended('merged') : plainly(op, record);
};

const verdict: Decider = (board, op) => {
  const record = board[op.entity] as ConflictRecord | undefined;
  if (record === undefined) return DEFERRED;
  if (record.status === 'open' && !record.outcomes.includes(op.payload['outcome'] as string)) {
    return quarantined('outcome_not_offered');
  }
  return plainly(op, record);
};

const SPECIAL: Record<string, Decider> = {
  'order.imported': order,
  'task.cancelled': cancel,
  'customer.request_set': request,
  'customer.profile_set': profile,
  'payment.collected': payment,
  'shift.started': shift,
  'shift.closed': shift,
  'operation.corrected': correction,
  'conflict.decided': verdict,
  'conflict.assigned': ownership,
};
