/** Several tasks at once: who may be acted on, the batch that is sent, its results, and how it is taken back. Pure. */
import { isFinished } from '../board/model';
import * as operations from '../operations';
import type { Operation, Stamp } from '../operations';
import type { OperationResult, ResultStatus, TaskRow } from '../types';

export type Deed = 'assign' | 'reassign' | 'cancel' | 'reattempt';

/** Why a chosen row is left out of a deed. */
export type Unfit = 'finished' | 'has_courier' | 'no_courier' | 'not_failed';

export interface Sorted {
  fit: TaskRow[];
  unfit: { row: TaskRow; why: Unfit }[];
}

function unfitness(deed: Deed, row: TaskRow): Unfit | null {
  if (isFinished(row)) return 'finished';
  if (deed === 'assign' && row.courier !== null) return 'has_courier';
  if ((deed === 'reassign' || deed === 'reattempt') && row.courier === null) return 'no_courier';
  if (deed === 'reattempt' && row.status !== 'attempt_failed' && row.status !== 'held') return 'not_failed';
  return null;
}

export function sortOut(deed: Deed, rows: readonly TaskRow[]): Sorted {
  const result: Sorted = { fit: [], unfit: [] };
  for (const row of rows) {
    const why = unfitness(deed, row);
    if (why === null) result.fit.push(row);
    else result.unfit.push({ row, why });
  }
  return result;
}

/** `a` on tasks that all have a courier means "give them to another", and the other way round. */
export function meant(deed: Deed, rows: readonly TaskRow[]): Deed {
  const other: Partial<Record<Deed, Deed>> = { assign: 'reassign', reassign: 'assign' };
  const instead = other[deed];
  if (instead === undefined || sortOut(deed, rows).fit.length > 0) return deed;
  return sortOut(instead, rows).fit.length > 0 ? instead : deed;
}

export interface Order {
  deed: Deed;
  /** New courier; '' where the deed needs none. */
  courier: string;
  reason: string;
}

export type Lack = 'courier' | 'reason' | 'tasks' | null;

/** What still keeps the order from being sent. */
export function lackOf(order: Order, fit: number): Lack {
  if (fit === 0) return 'tasks';
  if ((order.deed === 'assign' || order.deed === 'reassign') && order.courier === '') return 'courier';
  if ((order.deed === 'reassign' || order.deed === 'cancel') && order.reason.trim() === '') return 'reason';
  return null;
}

/** Reassigning to the courier who already has it says nothing: such rows are not sent (unless the try failed). */
export function isSame(order: Order, row: TaskRow): boolean {
  const settled = row.status !== 'attempt_failed' && row.status !== 'held';
  return order.deed === 'reassign' && row.courier?.id === order.courier && settled;
}

export interface Line {
  op_id: string;
  task: string;
  waybill: string;
  /** Courier before the deed, for the way back. */
  from: string | null;
}

export type BatchState = 'sending' | 'waiting' | 'answered' | 'refused';

/** One press of a button: its operations, and what became of them. */
export interface Batch {
  id: string;
  deed: Deed | 'undo' | 'decide';
  state: BatchState;
  made: number;
  operations: Operation[];
  lines: Line[];
  results: Record<string, OperationResult>;
  /** Name of the courier it went to, for the sentence in the tray. */
  to: string;
  /** The batch was taken back by this one. */
  undone: string | null;
  tries: number;
  /** Problem code of the last failed try. */
  error: string | null;
}

function operationFor(order: Order, row: TaskRow, stamp: Stamp): Operation {
  switch (order.deed) {
    case 'assign':
      return operations.assign(stamp, row, order.courier);
    case 'reassign':
      return operations.reassign(stamp, row, order.courier, order.reason.trim());
    case 'cancel':
      return operations.cancel(stamp, row, order.reason.trim());
    case 'reattempt':
      return operations.reattempt(stamp, row);
  }
}

function batchOf(deed: Batch['deed'], made: Operation[], lines: Line[], to: string, stamp: Stamp): Batch {
  return {
    id: operations.uuid7(stamp),
    deed,
    state: 'sending',
    made: stamp.now,
    operations: made,
    lines,
    results: {},
    to,
    undone: null,
    tries: 0,
    error: null,
  };
}

export function makeBatch(order: Order, fit: readonly TaskRow[], to: string, stamp: Stamp): Batch {
  const rows = fit.filter((row) => !isSame(order, row));
  const made = rows.map((row) => operationFor(order, row, stamp));
  const lines = rows.map((row, index) => ({
    op_id: made[index]?.op_id ?? '',
    task: row.id,
    waybill: row.waybill,
    from: row.courier?.id ?? null,
  }));
  return batchOf(order.deed, made, lines, to, stamp);
}

/** A batch around operations made elsewhere (a decision of a case). */
export function wrapped(operation: Operation, line: Omit<Line, 'op_id'>, stamp: Stamp): Batch {
  return batchOf('decide', [operation], [{ ...line, op_id: operation.op_id }], '', stamp);
}

export function answered(batch: Batch, results: OperationResult[]): Batch {
  const found = operations.byOperation(batch.operations, results);
  return { ...batch, state: 'answered', error: null, results: Object.fromEntries(found) };
}

const SETTLED: ReadonlySet<ResultStatus> = new Set(['applied', 'merged']);

/** Lines of a batch that took effect and can be taken back. */
export function undoable(batch: Batch): Line[] {
  const open = batch.state === 'answered' && batch.undone === null;
  if (!open || batch.deed === 'undo' || batch.deed === 'decide') return [];
  return batch.lines.filter((line) => {
    const result = batch.results[line.op_id];
    return result !== undefined && SETTLED.has(result.status);
  });
}

/**
 * The way back. A reassignment goes back by a reassignment (the new courier may have worked on it meanwhile, and the
 * merge sees that by its base); the others never happened, so they are corrected.
 */
export function undoBatch(batch: Batch, rows: ReadonlyMap<string, TaskRow>, note: string, stamp: Stamp): Batch {
  const lines: Line[] = [];
  const made: Operation[] = [];
  for (const line of undoable(batch)) {
    const sent = batch.operations.find((operation) => operation.op_id === line.op_id);
    const row = rows.get(line.task);
    if (sent === undefined) continue;
    const back =
      batch.deed === 'reassign' && line.from !== null && row !== undefined
        ? operations.reassign(stamp, row, line.from, note)
        : operations.correct(stamp, sent.entity, sent.op_id, note);
    made.push(back);
    lines.push({ ...line, op_id: back.op_id, from: row?.courier?.id ?? null });
  }
  return batchOf('undo', made, lines, '', stamp);
}

/** Nothing more is expected for it. */
export function isOver(batch: Pick<Batch, 'state'>): boolean {
  return batch.state === 'answered' || batch.state === 'refused';
}

/** How many rows are left out for each reason. */
export function countUnfit(sorted: Sorted): [Unfit, number][] {
  const sums = new Map<Unfit, number>();
  for (const item of sorted.unfit) sums.set(item.why, (sums.get(item.why) ?? 0) + 1);
  return [...sums];
}

export type Tally = Record<ResultStatus, number>;

export function tally(batch: Batch): Tally {
  const sums: Tally = { applied: 0, merged: 0, conflict: 0, deferred: 0, quarantined: 0 };
  for (const line of batch.lines) {
    const status = batch.results[line.op_id]?.status;
    if (status !== undefined) sums[status] += 1;
  }
  return sums;
}

/** Did anything end otherwise than asked? Such a batch stays open in the tray. */
export function needsEyes(batch: Batch): boolean {
  const sums = tally(batch);
  return batch.state === 'refused' || sums.conflict + sums.deferred + sums.quarantined > 0;
}

/** The server takes at most so many operations in one request. */
export const MOST = 1000;
