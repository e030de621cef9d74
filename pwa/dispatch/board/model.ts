/** What the task table shows: queues, filter, order, cursor, selection and the window of rows that is drawn. Pure. */
import type { Queue, Route, SortKey } from '../route';
import type { TaskRow, TaskStatus } from '../types';

const FINISHED: ReadonlySet<TaskStatus> = new Set(['delivered', 'picked_up', 'returned', 'cancelled']);
const PROBLEM: ReadonlySet<TaskStatus> = new Set(['attempt_failed', 'held', 'returned']);

export const STATUSES: readonly TaskStatus[] = [
  'created',
  'assigned',
  'out_for_delivery',
  'arrived',
  'delivered',
  'picked_up',
  'attempt_failed',
  'held',
  'returned',
  'cancelled',
];

export function isFinished(row: Pick<TaskRow, 'status'>): boolean {
  return FINISHED.has(row.status);
}

export function isUnassigned(row: Pick<TaskRow, 'status' | 'courier'>): boolean {
  return row.courier === null && !isFinished(row);
}

/** Still to be done and its window is over. */
export function isLate(row: Pick<TaskRow, 'status' | 'window_end'>, now: number): boolean {
  return row.window_end !== null && row.window_end < now && !isFinished(row) && !PROBLEM.has(row.status);
}

const QUEUE: Record<Queue, (row: TaskRow) => boolean> = {
  all: () => true,
  unassigned: isUnassigned,
  exceptions: (row) => PROBLEM.has(row.status),
  left: (row) => !isFinished(row),
  done: (row) => row.status === 'delivered' || row.status === 'picked_up',
};

export type QueueCounts = Record<Queue, number>;

export function countQueues(rows: readonly TaskRow[]): QueueCounts {
  const counts: QueueCounts = { all: rows.length, unassigned: 0, exceptions: 0, left: 0, done: 0 };
  for (const row of rows) {
    if (QUEUE.unassigned(row)) counts.unassigned += 1;
    if (QUEUE.exceptions(row)) counts.exceptions += 1;
    if (QUEUE.left(row)) counts.left += 1;
    if (QUEUE.done(row)) counts.done += 1;
  }
  return counts;
}

export type Filter = Pick<Route, 'queue' | 'q' | 'status' | 'courier' | 'kind'>;

/** Waybills are typed with and without spaces and hyphens. */
function squeeze(text: string): string {
  return text.toLowerCase().replace(/[\s-]+/g, '');
}

function says(row: TaskRow, needle: string): boolean {
  return [
    row.waybill,
    row.reference,
    row.merchant,
    row.address,
    row.contact.name,
    row.contact.phone,
    row.courier?.name,
  ].some((text) => typeof text === 'string' && squeeze(text).includes(needle));
}

/**
 * Rows of a filter, in table order.
 * `found`: ids the server found for the same text in the clear name and phone, which this page never holds.
 */
export function shownRows(
  rows: readonly TaskRow[],
  filter: Filter,
  order: Pick<Route, 'sort' | 'desc'>,
  now: number,
  found: ReadonlySet<string>,
): TaskRow[] {
  const needle = squeeze(filter.q);
  const kept = rows.filter(
    (row) =>
      QUEUE[filter.queue](row) &&
      (filter.status === '' || row.status === filter.status) &&
      (filter.kind === '' || row.kind === filter.kind) &&
      (filter.courier === '' || row.courier?.id === filter.courier) &&
      (needle === '' || found.has(row.id) || says(row, needle)),
  );
  return sorted(kept, order.sort, order.desc, now);
}

/** 0 needs a decision … 9 runs by itself. */
function urgency(row: TaskRow, now: number): number {
  if (row.conflict !== null) return 0;
  if (isUnassigned(row)) return 1;
  if (row.status === 'attempt_failed' || row.status === 'held') return 2;
  if (isLate(row, now)) return 3;
  return isFinished(row) ? 9 : 5;
}

const collator = new Intl.Collator('zh', { numeric: true });
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

type Compare = (a: TaskRow, b: TaskRow) => number;

const byWindow: Compare = (a, b) =>
  (a.window_end ?? END_OF_TIME) - (b.window_end ?? END_OF_TIME) ||
  (a.sequence ?? END_OF_TIME) - (b.sequence ?? END_OF_TIME);

const COMPARE: Record<Exclude<SortKey, 'attention'>, Compare> = {
  status: (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status),
  waybill: (a, b) => (a.waybill < b.waybill ? -1 : Number(a.waybill > b.waybill)),
  courier: (a, b) =>
    collator.compare(a.courier?.name ?? '', b.courier?.name ?? '') ||
    (a.sequence ?? END_OF_TIME) - (b.sequence ?? END_OF_TIME),
  window: byWindow,
  cod: (a, b) => (a.cod?.amount_minor ?? 0) - (b.cod?.amount_minor ?? 0),
  requests: (a, b) => a.requests - b.requests,
  address: (a, b) => collator.compare(a.address, b.address),
};

function sorted(rows: TaskRow[], key: SortKey, desc: boolean, now: number): TaskRow[] {
  const sign = desc ? -1 : 1;
  const main: Compare =
    key === 'attention' ? (a, b) => urgency(a, now) - urgency(b, now) || byWindow(a, b) : COMPARE[key];
  return rows.sort((a, b) => sign * main(a, b) || COMPARE.waybill(a, b));
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

/** Row after a cursor key. A cursor that left the list comes in again from its edge. */
export function moved(rows: readonly { id: string }[], current: string, step: number): string {
  const found = rows.findIndex((row) => row.id === current);
  const at = found >= 0 ? found : step > 0 ? -1 : rows.length;
  return rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.id ?? '';
}

export function toggled(chosen: ReadonlySet<string>, id: string): Set<string> {
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Shift-click: everything between the last click and this one takes the state of the last one. */
export function ranged(
  rows: readonly { id: string }[],
  chosen: ReadonlySet<string>,
  anchor: string,
  id: string,
): Set<string> {
  const start = rows.findIndex((row) => row.id === anchor);
  const end = rows.findIndex((row) => row.id === id);
  if (start < 0 || end < 0) return toggled(chosen, id);
  const next = new Set(chosen);
  const on = chosen.has(anchor) || !chosen.has(id);
  for (const row of rows.slice(Math.min(start, end), Math.max(start, end) + 1)) {
    if (on) next.add(row.id);
    else next.delete(row.id);
  }
  return next;
}

/** Is a filter hiding rows of the queue? Decides which empty state is told. */
export function isFiltered(filter: Filter): boolean {
  return filter.q !== '' || filter.status !== '' || filter.courier !== '' || filter.kind !== '';
}
