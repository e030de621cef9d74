/**
 * Cases: what is put before a person when plan and reality, or two people, disagree (P22).
 *
 * A draft holds both versions, both actors, what they started from, and the outcome that sync/tables/merge.json suggests. Owner,
 * deadline and station are the server's to add.
 */
import { derive } from './canonical';
import type {
  ConflictRecord,
  Consent,
  CustomerRequest,
  Envelope,
  Json,
  JsonObject,
  ObligationRecord,
  ParcelRecord,
  TaskRecord,
  Touch,
} from './records';
import { CASE_KINDS, OUTCOMES, RANKS, type CaseRule } from './tables';

/** What a courier went by when somebody else took the parcel. */
export interface ConsentNamed {
  kind: string;
  source: 'crm' | 'asked' | 'request' | 'told' | 'none';
  ref: string | null;
  v: number | null;
  note: string | null;
}

/** A case as the decision makes it; `mine` is the operation just decided, `theirs` what was recorded before. */
export type CaseDraft = Omit<ConflictRecord, 'status' | 'station' | 'owner' | 'due_at' | 'opened_at' | 'decision'>;

/** What a decision does to the log of the disputed entity: operations left out, operations that win their fields. */
export interface CaseEffect {
  void: string[];
  force: string[];
}

const MONEY = ['amount_minor', 'currency', 'method'];
// What a payload may say that belongs into a case.
const SAYINGS = ['reason', 'recipient', 'note', 'courier', 'sequence', 'window_start', 'window_end'];

/** What deciding `record` for `outcome` means when its entity is folded again. */
export function effect(record: Pick<ConflictRecord, 'kind' | 'op_id' | 'theirs_op'>, outcome: string): CaseEffect {
  const what = ruleOf(record.kind).effects[outcome] ?? 'none';
  if (what === 'void_mine') return { void: [record.op_id], force: [] };
  if (what === 'void_theirs' && record.theirs_op !== null) return { void: [record.theirs_op], force: [] };
  if (what === 'force_mine') return { void: [], force: [record.op_id] };
  return { void: [], force: [] };
}

/** A physical outcome against the record as it stood before it. */
export function factCase(kind: string, record: TaskRecord, op: Envelope): CaseDraft {
  const mine = { ...said(op), status: statusOf(op.type) };
  if (kind === 'handover') return handoverCase(record, op, mine);
  if (kind !== 'reassigned') {
    const { theirs, by } = standing(kind, record);
    return draft(kind, op, mine, theirs, by, ['status']);
  }
  const by = record.touched['courier'] ?? null;
  const theirs = { courier: record.courier, ...(by ? { at: by.at } : {}) };
  return draft(kind, op, { ...mine, courier: op.author }, theirs, by, ['courier']);
}

/** A change of plan for a task that is finished. */
export function planCase(record: TaskRecord, op: Envelope): CaseDraft {
  const mine = { ...said(op), ...(op.type === 'task.cancelled' ? { status: 'cancelled' } : {}) };
  const { theirs, by } = standing('state', record);
  return draft('state', op, mine, theirs, by, ['status']);
}

/** Two writers of the same fields; `values` are mine, `by` is the stamp of the one recorded before. */
export function fieldCase(
  op: Envelope,
  values: JsonObject,
  theirs: JsonObject,
  by: Touch | null,
  contested: string[],
): CaseDraft {
  const pick = (from: JsonObject): JsonObject =>
    Object.fromEntries(contested.filter((name) => name in from).map((name) => [name, from[name] as Json]));
  const mine = { type: op.type, at: op.at, ...pick(values) };
  const kept = { ...pick(theirs), ...(by ? { at: by.at } : {}) };
  return draft('field', op, mine, kept, by, contested, pick(op.base));
}

/** A sign-off while money is due. */
export function unsettledCase(obligation: ObligationRecord, op: Envelope): CaseDraft {
  const mine = { ...said(op), status: statusOf(op.type) };
  return draft('unsettled', op, mine, due(obligation), null, ['amount_minor']);
}

/** A payment that does not fit what is due, or comes when nothing is. */
export function paymentCase(
  kind: 'second_payment' | 'amount_differs',
  obligation: ObligationRecord,
  op: Envelope,
): CaseDraft {
  const { payload } = op;
  const mine = { type: op.type, at: op.at, ...only(payload, MONEY) };
  const first = obligation.collected;
  if (kind === 'second_payment' && first !== null) {
    const { amount_minor, method, at } = first;
    const theirs = { amount_minor, method, at, currency: obligation.currency };
    return draft(kind, op, mine, theirs, first, ['amount_minor']);
  }
  const differing = (['amount_minor', 'currency'] as const).filter((field) => payload[field] !== obligation[field]);
  return draft(kind, op, mine, due(obligation), null, differing);
}

/** A wish of the customer's for a task that is finished: recorded, and too late for it. */
export function lateRequestCase(task: TaskRecord, op: Envelope): CaseDraft {
  const { kind, text } = op.payload as { kind: string; text: string };
  const { theirs, by } = standing('state', task);
  const mine = { type: op.type, at: op.at, request: kind, text };
  return { ...draft('request_late', op, mine, theirs, by, ['request', 'status']), task: task.id };
}

/** An outcome reported from a handheld that had not heard of the customer's wish; `by` stamps the wish. */
export function missedRequestCase(request: CustomerRequest, by: Touch | null, op: Envelope): CaseDraft {
  const mine = { ...said(op), status: statusOf(op.type) };
  const theirs = { request: request.kind, text: request.text, ...(by ? { at: by.at } : {}) };
  return draft('request_late', op, mine, theirs, by, ['request', 'status']);
}

/** The customer says of an operation on his task that it did not happen, or not so. */
export function disputedCase(task: TaskRecord, op: Envelope): CaseDraft {
  const named = op.payload['corrects'] as string;
  const { theirs, by } = standing('state', task);
  const one = draft('disputed', op, said(op), theirs, by, ['status']);
  return task.outcome?.op_id === named ? one : { ...one, theirs_op: named, theirs_author: null };
}

/** Somebody else took the parcel without a consent on record; `word` is what the customer last said to it. */
export function consentCase(word: Consent | null, op: Envelope): CaseDraft {
  const named = op.payload['consent'] as unknown as ConsentNamed | null;
  const note = named?.note ?? null;
  const mine = {
    ...said(op),
    status: statusOf(op.type),
    consent: named?.source ?? 'none',
    ...(note === null ? {} : { note }),
  };
  return draft('no_consent', op, mine, word === null ? {} : { given: word.given, at: word.at }, null, ['recipient']);
}

/** Handed over with another code than the customer was shown, or with none. */
export function pinCase(fault: 'wrong' | 'missing', op: Envelope): CaseDraft {
  return draft('wrong_code', op, { ...said(op), status: statusOf(op.type), code: fault }, {}, null, ['code']);
}

/** Some pieces were handed over; somebody has to say what becomes of the rest. */
export function partialCase(parcel: ParcelRecord, op: Envelope): CaseDraft {
  const rest = (op.payload['rest'] ?? {}) as JsonObject;
  const words = ['reason', 'note'].filter((key) => (rest[key] ?? null) !== null);
  const counted = op.payload['pieces'] === undefined ? [] : ['pieces'];
  const mine = { ...said(op), status: statusOf(op.type), ...only(op.payload, counted), ...only(rest, words) };
  return draft('partial', op, mine, { pieces: parcel.pieces }, null, ['pieces']);
}

/** A parcel that waits for customer service. */
export function problemCase(task: TaskRecord, op: Envelope): CaseDraft {
  const { theirs, by } = standing('state', task);
  return draft('problem', op, said(op), theirs, by, ['reason']);
}

/** What one courier says of a hand-over, or does after it, against what the task stands at. */
export function handoverCase(task: TaskRecord, op: Envelope, after: JsonObject | null = null): CaseDraft {
  const { outcome, handover } = task;
  const mine = { ...(after ?? said(op)), courier: op.payload['to'] ?? op.author };
  if (outcome !== null && after === null && ['delivered', 'picked_up', 'returned'].includes(task.status)) {
    const { theirs, by } = standing('state', task);
    return draft('handover', op, mine, { ...theirs, courier: outcome.author }, by, ['courier']);
  }
  const by = handover?.taken ?? handover?.given ?? task.touched['courier'] ?? null;
  return draft('handover', op, mine, { courier: task.courier, ...(by ? { at: by.at } : {}) }, by, ['courier']);
}

function said(op: Envelope): JsonObject {
  const words = SAYINGS.filter((key) => (op.payload[key] ?? null) !== null);
  return { type: op.type, at: op.at, ...only(op.payload, words) };
}

function due(obligation: ObligationRecord): JsonObject {
  return { amount_minor: obligation.amount_minor, currency: obligation.currency };
}

/** What the record says that the operation is up against, and whose word that is. */
function standing(kind: string, record: TaskRecord): { theirs: JsonObject; by: Touch | null } {
  const { cancelled, outcome } = record;
  if (cancelled !== null && (kind === 'cancelled' || (kind === 'state' && record.status === 'cancelled'))) {
    return { theirs: { status: 'cancelled', at: cancelled.at, reason: cancelled.reason }, by: cancelled };
  }
  if (outcome === null) return { theirs: { status: record.status }, by: null };
  const words: JsonObject = {};
  if (outcome.reason !== null) words['reason'] = outcome.reason;
  if (outcome.recipient !== null) words['recipient'] = outcome.recipient;
  return { theirs: { status: statusOf(outcome.type), type: outcome.type, at: outcome.at, ...words }, by: outcome };
}

function draft(
  kind: string,
  op: Envelope,
  mine: JsonObject,
  theirs: JsonObject,
  by: Touch | null,
  fields: string[],
  base: JsonObject = {},
): CaseDraft {
  const rule = ruleOf(kind);
  return {
    id: derive('conflict', op.op_id, kind),
    kind,
    entity: op.entity,
    task: taskOf(op.entity),
    op_id: op.op_id,
    theirs_op: by?.op_id ?? null,
    mine,
    theirs,
    base,
    fields: [...fields],
    mine_author: op.author,
    theirs_author: by?.author ?? null,
    suggested: suggested(rule.suggested, mine, theirs),
    rule: rule.rule,
    outcomes: [...rule.outcomes],
  };
}

function suggested(rule: string, mine: JsonObject, theirs: JsonObject): string {
  if (rule !== 'rank') return rule;
  const rank = (side: JsonObject): number => RANKS[side['status'] as string] ?? 0;
  return rank(mine) > rank(theirs) ? 'mine' : 'theirs';
}

function only(from: JsonObject, keys: string[]): JsonObject {
  return Object.fromEntries(keys.map((key) => [key, from[key] as Json]));
}

function statusOf(opType: string): string {
  return OUTCOMES[opType]?.status ?? '';
}

function ruleOf(kind: string): CaseRule {
  const rule = CASE_KINDS[kind];
  if (rule === undefined) throw new Error(`no such kind of case: ${kind}`);
  return rule;
}

function taskOf(entity: string): string | null {
  const [kind, id] = entity.split(':') as [string, string];
  return kind === 'task' || kind === 'obligation' ? id : null;
}
