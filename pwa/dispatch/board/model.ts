/** What the board shows of a task, and which rows of a long list are drawn. Pure. */
import type { TaskRow, TaskStatus } from '../types';

const FINISHED: ReadonlySet<TaskStatus> = new Set(['delivered', 'picked_up', 'returned', 'cancelled']);
const PROBLEM: ReadonlySet<TaskStatus> = new Set(['attempt_failed', 'held', 'returned']);

export function isFinished(row: Pick<TaskRow, 'status'>): boolean {
  return FINISHED.has(row.status);
}

/** Still to be done and its window is over. */
export function isLate(row: Pick<TaskRow, 'status' | 'window_end'>, now: number): boolean {
  return row.window_end !== null && row.window_end < now && !isFinished(row) && !PROBLEM.has(row.status);
}

/** The rows that are drawn: those in sight and a few beyond, so that thousands cost as much as dozens. */
export interface Drawn {
  from: number;
  /** One past the last drawn row. */
  to: number;
  /** Height of the rows above, px. */
  before: number;
  /** Height of the rows below, px. */
  after: number;
}

const BEYOND = 12;

export function drawnRows(total: number, rowHeight: number, scrollTop: number, height: number): Drawn {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight) - BEYOND;
  const from = Math.min(Math.max(0, first), Math.max(0, total - 1));
  const count = Math.ceil(Math.max(height, rowHeight) / rowHeight) + 2 * BEYOND;
  const to = Math.min(total, from + count);
  return { from, to, before: from * rowHeight, after: (total - to) * rowHeight };
}

/** Scroll position that brings row `index` into sight with as little movement as possible. */
export function scrollFor(index: number, rowHeight: number, scrollTop: number, height: number): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

/** Place after a cursor key in a list of `total`. A cursor that left the list (-1) comes in again from its edge. */
export function movedIndex(total: number, current: number, step: number): number {
  const at = current >= 0 ? current : step > 0 ? -1 : total;
  return Math.min(total - 1, Math.max(0, at + step));
}

/** The same for a list that is held whole. */
export function moved(rows: readonly { id: string }[], current: string, step: number): string {
  const found = rows.findIndex((row) => row.id === current);
  return rows[movedIndex(rows.length, found, step)]?.id ?? '';
}
