/** Several tasks at once: who may be acted on, the batch that is sent, its results, and how it is taken back. Pure. */
import { isFinished } from '../board/model';
import type { Picked } from '../board/selection';
import * as operations from '../operations';
import type { Operation, Stamp, Window } from '../operations';
import type { OperationResult, ResultStatus, TaskRow } from '../types';

export type Deed = 'assign' | 'reassign' | 'cancel' | 'reattempt' | 'window' | 'note';

/** Why a chosen task is left out of a deed. */
export type Unfit = 'finished' | 'has_courier' | 'no_courier' | 'not_failed';

export interface Sorted {
  fit: Picked[];
  unfit: { task: Picked; why: Unfit }[];
}

function unfitness(deed: Deed, task: Picked): Unfit | null {
  if (deed === 'note') return null;
  if (isFinished(task)) return 'finished';
  if (deed === 'assign' && task.courier !== null) return 'has_courier';
  if ((deed === 'reassign' || deed === 'reattempt') && task.courier === null) return 'no_courier';
  if (deed === 'reattempt' && task.status !== 'attempt_failed' && task.status !== 'held') return 'not_failed';
  return null;
}

export function sortOut(deed: Deed, tasks: Iterable<Picked>): Sorted {
  const result: Sorted = { fit: [], unfit: [] };
  for (const task of tasks) {
    const why = unfitness(deed, task);
    if (why === null) result.fit.push(task);
    else result.unfit.push({ task, why });
  }
  return result;
}

/** `a` on tasks that all have a courier means "give them to another", and the other way round. */
export function meant(deed: Deed, tasks: readonly Picked[]): Deed {
  const other: Partial<Record<Deed, Deed>> = { assign: 'reassign', reassign: 'assign' };
  const instead = other[deed];
  if (instead === undefined || sortOut(deed, tasks).fit.length > 0) return deed;
  return sortOut(instead, tasks).fit.length > 0 ? instead : deed;
}

export interface Order {
  deed: Deed;
  /** New courier; '' where the deed needs none. */
  courier: string;
  /** Reason, or the text of a note. */
  reason: string;
  /** New window, null = not chosen. */
  window: Window | null;
}

export type Lack = 'courier' | 'reason' | 'text' | 'window' | 'backwards' | 'tasks' | null;

/** What still keeps the order from being sent. */
export function lackOf(order: Order, fit: number): Lack {
  if (fit === 0) return 'tasks';
  const { deed, window } = order;
  if ((deed === 'assign' || deed === 'reassign') && order.courier === '') return 'courier';
  if ((deed === 'reassign' || deed === 'cancel') && order.reason.trim() === '') return 'reason';
  if (deed === 'note' && order.reason.trim() === '') return 'text';
  if (deed !== 'window') return null;
  if (window === null) return 'window';
  const { window_start: start, window_end: end } = window;
  return start !== null && end !== null && start >= end ? 'backwards' : null;
}

/** Deeds whose base names the window that was seen: the whole row is needed, not only its id. */
export function needsRows(deed: Deed): boolean {
  return deed === 'reattempt' || deed === 'window';
}

/** Reassigning to the courier who already has it says nothing: such rows are not sent (unless the try failed). */
export function isSame(order: Order, task: Picked): boolean {
  const settled = task.status !== 'attempt_failed' && task.status !== 'held';
  return order.deed === 'reassign' && task.courier === order.courier && settled;
}

export interface Line {
  op_id: string;
  task: string;
  /** null while only the task's id is known. */
  waybill: string | null;
  /** Courier before the deed, for the way back. */
  from: string | null;
}

export type BatchState = 'sending' | 'waiting' | 'answered' | 'refused';
export type BatchKind = Deed | 'undo';

/** One press of a button: its operations, and what became of them. */
export interface Batch {
  id: string;
  deed: BatchKind;
  state: BatchState;
  made: number;
  operations: Operation[];
  lines: Line[];
  results: Record<string, OperationResult>;
  /** Name of the courier it went to, for the sentence in the tray. */
  to: string;
  /** Id of that courier; '' where there is none. */
  courier: string;
  /** The batch was taken back by this one. */
  undone: string | null;
  tries: number;
  /** Problem code of the last failed try. */
  error: string | null;
}

export type RowOf = (id: string) => TaskRow | null;

const UNSEEN: Window = { window_start: null, window_end: null };

function operationFor(order: Order, task: Picked, row: TaskRow | null, stamp: Stamp): Operation {
  const seen = row ?? UNSEEN;
  switch (order.deed) {
    case 'assign':
      return operations.assign(stamp, task, order.courier);
    case 'reassign':
      return operations.reassign(stamp, task, order.courier, order.reason.trim());
    case 'cancel':
      return operations.cancel(stamp, task, order.reason.trim());
    case 'reattempt':
      return operations.reattempt(stamp, task, seen);
    case 'window':
      return operations.changeWindow(stamp, task, seen, order.window ?? UNSEEN);
    case 'note':
      return operations.note(stamp, task, order.reason.trim());
  }
}

type About = Pick<Batch, 'deed' | 'to' | 'courier'>;

function batchOf(about: About, made: Operation[], lines: Line[], stamp: Stamp): Batch {
  return {
    ...about,
    id: operations.uuid7(stamp),
    state: 'sending',
    made: stamp.now,
    operations: made,
    lines,
    results: {},
    undone: null,
    tries: 0,
    error: null,
  };
}

/** `to`: the courier's name. `rowOf`: rows of the deeds that need them; a task that is gone is left out. */
export function makeBatch(order: Order, fit: readonly Picked[], to: string, rowOf: RowOf, stamp: Stamp): Batch {
  const made: Operation[] = [];
  const lines: Line[] = [];
  for (const task of fit) {
    const row = rowOf(task.id);
    if (isSame(order, task) || (row === null && needsRows(order.deed))) continue;
    const operation = operationFor(order, task, row, stamp);
    made.push(operation);
    lines.push({
      op_id: operation.op_id,
      task: task.id,
      waybill: task.waybill ?? row?.waybill ?? null,
      from: task.courier,
    });
  }
  return batchOf({ deed: order.deed, to, courier: order.courier }, made, lines, stamp);
}

/** Operations that have no answer yet, in their order. */
export function unanswered(batch: Batch): Operation[] {
  return batch.operations.filter((operation) => !(operation.op_id in batch.results));
}

/** Put in what the server said to some of a batch's operations. */
export function answered(batch: Batch, asked: Operation[], results: OperationResult[]): Batch {
  const found = Object.fromEntries(operations.byOperation(asked, results));
  const all = { ...batch.results, ...found };
  const done = Object.keys(all).length >= batch.operations.length;
  return { ...batch, state: done ? 'answered' : batch.state, error: null, results: all };
}

const SETTLED: ReadonlySet<ResultStatus> = new Set(['applied', 'merged']);
const TAKES_BACK: ReadonlySet<BatchKind> = new Set(['assign', 'reassign', 'cancel', 'reattempt', 'window']);

/** Lines of a batch that took effect and can be taken back. */
export function undoable(batch: Batch): Line[] {
  if (batch.state !== 'answered' || batch.undone !== null || !TAKES_BACK.has(batch.deed)) return [];
  return batch.lines.filter((line) => {
    const result = batch.results[line.op_id];
    return result !== undefined && SETTLED.has(result.status);
  });
}

/**
 * The way back. A reassignment goes back by a reassignment (the new courier may have worked on it meanwhile, and the
 * merge sees that by its base); the others never happened, so they are corrected.
 */
export function undoBatch(batch: Batch, rowOf: RowOf, note: string, stamp: Stamp): Batch {
  const made: Operation[] = [];
  const lines: Line[] = [];
  for (const line of undoable(batch)) {
    const subject = { id: line.task, rev: rowOf(line.task)?.rev ?? null, courier: batch.courier };
    const back =
      batch.deed === 'reassign' && line.from !== null
        ? operations.reassign(stamp, subject, line.from, note)
        : operations.correct(stamp, `task:${line.task}`, line.op_id, note);
    made.push(back);
    lines.push({ ...line, op_id: back.op_id, from: batch.courier });
  }
  return batchOf({ deed: 'undo', to: '', courier: '' }, made, lines, stamp);
}

/** Nothing more is expected for it. */
export function isOver(batch: Pick<Batch, 'state'>): boolean {
  return batch.state === 'answered' || batch.state === 'refused';
}

/** How many tasks are left out for each reason. */
export function countUnfit(sorted: Sorted): [Unfit, number][] {
  const sums = new Map<Unfit, number>();
  for (const item of sorted.unfit) sums.set(item.why, (sums.get(item.why) ?? 0) + 1);
  return [...sums];
}

export type Tally = Record<ResultStatus, number>;

export function tally(batch: Batch): Tally {
  const sums: Tally = { applied: 0, merged: 0, conflict: 0, deferred: 0, quarantined: 0 };
  for (const result of Object.values(batch.results)) sums[result.status] += 1;
  return sums;
}

/** Share of a batch that has been answered, 0..1. */
export function progress(batch: Batch): number {
  return batch.operations.length === 0 ? 1 : Object.keys(batch.results).length / batch.operations.length;
}

/** Did anything end otherwise than asked? Such a batch stays open in the tray. */
export function needsEyes(batch: Batch): boolean {
  const sums = tally(batch);
  return batch.state === 'refused' || sums.conflict + sums.deferred + sums.quarantined > 0;
}

const LOUD: readonly ResultStatus[] = ['conflict', 'quarantined', 'deferred', 'merged', 'applied'];

/** Lines worth reading first: what needs a person on top, at most `most` of them. */
export function linesToRead(batch: Batch, most: number): Line[] {
  const rank = (line: Line) => LOUD.indexOf(batch.results[line.op_id]?.status ?? 'applied');
  const told = batch.lines.filter((line) => batch.results[line.op_id] !== undefined);
  return told
    .map((line, at) => ({ line, at, rank: rank(line) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .slice(0, most)
    .map((item) => item.line);
}

/** Operations in one request: small enough that a handheld's exchange never waits long behind it. */
export const MOST = 500;
