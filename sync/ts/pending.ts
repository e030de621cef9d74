/** What the courier sees: the server's rows with his own operations laid over them, computed and never stored (P9). */
import { apply, taskStub } from './apply';
import type { Envelope, ResultStatus, SyncRecord, TaskRecord, TaskRow } from './records';
import { belongs } from './requests';

/** The server's row of a task: no parcel and no customer only in a stub. */
export interface TaskRowBody extends Omit<TaskRow, 'parcel' | 'customer'> {
  parcel: TaskRow['parcel'] | null;
  customer: TaskRow['customer'] | null;
}

export interface Row {
  rev: number;
  present: boolean;
  reason: string | null;
  body: TaskRowBody | null;
}

/** `pending`: op_ids laid over the row, in order; `unlisted`: a stub for a task the server has not listed for us. */
export interface OverlaidRow extends Row {
  pending: string[];
  unlisted: boolean;
}

/** The server's answer, as far as the overlay looks at it. */
export interface Answer {
  status: ResultStatus;
  applied_at: { scope: string; ver: number } | null;
}

export type ItemStateName = 'saved' | 'confirmed' | 'needs_you';

/** Where in a task's row the record of an entity lives. */
const SLOTS = ['task', 'parcel', 'customer', 'obligation'] as const;
type Slot = (typeof SLOTS)[number];

/**
 * The rows as the courier sees them. `rows` are the server's by `task:<id>`; `entries` the operations of the outbox by seq;
 * `results` the server's answers by op_id; `cursors` how far each scope has been pulled. A row that was removed keeps its pending
 * operations and shows nothing (P28).
 */
export function overlay(
  rows: Record<string, Row>,
  entries: Envelope[],
  results: Record<string, Answer>,
  cursors: Record<string, number>,
): Record<string, OverlaidRow> {
  const view: Record<string, OverlaidRow> = {};
  for (const [name, row] of Object.entries(rows)) view[name] = { ...row, pending: [], unlisted: false };
  const waiting = entries.filter((op) => isOpen(op, results[op.op_id], cursors));
  const takenBack = new Set(
    waiting.filter((op) => op.type === 'operation.corrected').map((op) => op.payload['corrects']),
  );
  let homes: Map<string, string[]> | null = null;
  for (const op of waiting) {
    const [kind, id] = op.entity.split(':') as [string, string];
    if (!isSlot(kind)) continue;
    if (kind === 'parcel' || kind === 'customer') homes ??= homesOf(rows);
    const names = kind === 'parcel' || kind === 'customer' ? (homes?.get(op.entity) ?? []) : [`task:${id}`];
    for (const name of names) {
      const row = view[name] ?? (op.type.startsWith('task.') ? stub(op) : null);
      if (row !== null) view[name] = laidOver(row, kind, op, !takenBack.has(op.op_id));
    }
  }
  return view;
}

/**
 * Whether an operation still has to be laid over the server's rows. It drops out once the pulled version covers what the server
 * made of it (P27), and at once when it is in quarantine, since the server will never show it. A deferred one stays: nothing has
 * become of it yet.
 */
export function isOpen(_op: Envelope, result: Answer | undefined, cursors: Record<string, number>): boolean {
  if (result === undefined || result.status === 'deferred') return true;
  if (result.status === 'quarantined') return false;
  const at = result.applied_at;
  return at === null || (cursors[at.scope] ?? 0) < at.ver;
}

/** Answers by op_id after new ones came in; a deferred operation that has since been settled is not unsettled. */
export function absorb<R extends { op_id: string | null; status: ResultStatus }>(
  known: Record<string, R>,
  results: R[],
): Record<string, R> {
  const after = { ...known };
  for (const result of results) {
    const { op_id } = result;
    if (op_id !== null && !(result.status === 'deferred' && Object.hasOwn(after, op_id))) after[op_id] = result;
  }
  return after;
}

/** What the outbox says of an operation: saved here, confirmed by the server, or in need of a person. */
export function itemState(result: { status: ResultStatus } | null | undefined): ItemStateName {
  if (!result) return 'saved';
  return result.status === 'conflict' || result.status === 'quarantined' ? 'needs_you' : 'confirmed';
}

function isSlot(kind: string): kind is Slot {
  return (SLOTS as readonly string[]).includes(kind);
}

/** The rows that hold each parcel and each customer. */
function homesOf(rows: Record<string, Row>): Map<string, string[]> {
  const homes = new Map<string, string[]>();
  for (const [name, { body }] of Object.entries(rows)) {
    for (const kind of ['parcel', 'customer'] as const) {
      const held = body?.[kind];
      if (held) homes.set(`${kind}:${held.id}`, [...(homes.get(`${kind}:${held.id}`) ?? []), name]);
    }
  }
  return homes;
}

function stub(op: Envelope): OverlaidRow {
  const body = { task: taskStub(op), parcel: null, customer: null, obligation: null, conflict: null };
  return { rev: 0, present: true, reason: null, body, pending: [], unlisted: true };
}

function laidOver(row: OverlaidRow, slot: Slot, op: Envelope, counts: boolean): OverlaidRow {
  const after = { ...row, pending: [...row.pending, op.op_id] };
  const { body } = row;
  const record = body?.[slot] ?? null;
  if (!counts || body === null || record === null) return after;
  const changed = apply(record as SyncRecord, op);
  if (slot !== 'customer') return { ...after, body: { ...body, [slot]: changed } };
  return { ...after, body: { ...body, customer: atTheDoor(changed as TaskRow['customer'], body.task) } };
}

/** Of a customer's requests a row has those that are on and belong to its task, as the server lists them (P24). */
function atTheDoor(customer: TaskRow['customer'], task: TaskRecord): TaskRow['customer'] {
  const shown = customer.requests.filter((request) => request.active && belongs(request, task));
  return shown.length === customer.requests.length ? customer : { ...customer, requests: shown };
}
