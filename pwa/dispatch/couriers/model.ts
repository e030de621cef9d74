/** A courier on the board: what is known of him and how old that is. Pure. */
import type { CourierRow } from '../types';

/** Silence after which a courier on shift is called quiet, and out of signal, ms. */
const QUIET = 10 * 60_000;
const SILENT = 20 * 60_000;

export type Contact = 'never' | 'live' | 'quiet' | 'silent' | 'off';

/** How much the place on the board is worth. A courier without an open shift is off, not lost. */
export function contactOf(row: Pick<CourierRow, 'last_heard' | 'shift'>, now: number): Contact {
  if (row.last_heard === null) return 'never';
  if (row.shift !== null && row.shift.status === 'closed') return 'off';
  const age = now - row.last_heard;
  if (age < QUIET) return 'live';
  return age < SILENT ? 'quiet' : 'silent';
}

export interface Progress {
  /** Shares of the bar, 0..100, done + problems <= 100. */
  done: number;
  problems: number;
}

export function progressOf(row: Pick<CourierRow, 'total' | 'done' | 'problems'>): Progress {
  if (row.total <= 0) return { done: 0, problems: 0 };
  const done = Math.min(100, Math.max(0, (row.done / row.total) * 100));
  const problems = Math.min(100 - done, Math.max(0, (row.problems / row.total) * 100));
  return { done, problems };
}

/** What needs eyes first: late work of a courier nobody hears of, then late work, silence, the rest by name. */
export function couriersByNeed(rows: readonly CourierRow[], now: number): CourierRow[] {
  const need = (row: CourierRow) =>
    (row.left > 0 && contactOf(row, now) === 'silent' ? 2 : 0) + ((row.plan?.late ?? 0) > 0 ? 1 : 0);
  return couriersInOrder(rows).sort((a, b) => need(b) - need(a));
}

const collator = new Intl.Collator('zh');

/** By name: an order that follows the work would move the couriers under the dispatcher's hand. */
export function couriersInOrder(rows: readonly CourierRow[]): CourierRow[] {
  return [...rows].sort((a, b) => collator.compare(a.name, b.name));
}

/** Lightest load first: the likely choice when a courier is picked for more work. */
export function couriersToPick(rows: readonly CourierRow[], text: string): CourierRow[] {
  const needle = text.trim().toLowerCase();
  return rows
    .filter((row) => needle === '' || row.name.toLowerCase().includes(needle))
    .sort((a, b) => a.left - b.left || collator.compare(a.name, b.name));
}
