/** A long list of which only the pages near the eye are held. Pure: pages are asked for by whoever calls `wanted`. */
import type { TaskRow } from '../types';

/** Rows asked for at once; the server gives at most 200. */
export const PAGE = 100;
/** Pages kept in memory: what a dispatcher scrolls through without asking twice. */
const MOST_PAGES = 30;

interface Page {
  rows: readonly TaskRow[];
  /** Still shown, but to be asked for again. */
  stale: boolean;
}

export class Pages {
  /** Rows of the whole list; null = never answered. */
  total: number | null = null;
  private held = new Map<number, Page>();
  /** The rows belong to the filter before: shown until the first answer of the present one. */
  private foreign = false;

  /** Another filter or order. */
  turn(): void {
    this.foreign = true;
    this.spoil();
  }

  /** Everything may have changed. */
  spoil(): void {
    for (const page of this.held.values()) page.stale = true;
  }

  get settled(): boolean {
    return this.total !== null && !this.foreign;
  }

  row(index: number): TaskRow | null {
    return this.held.get(Math.floor(index / PAGE))?.rows[index % PAGE] ?? null;
  }

  /** Place of a task in the list, -1 when its page is not held. */
  indexOf(id: string): number {
    for (const [number, page] of this.held) {
      const at = page.rows.findIndex((row) => row.id === id);
      if (at >= 0) return number * PAGE + at;
    }
    return -1;
  }

  /** Rows `from` to `to` (one past the last), null where a page is not held. */
  slice(from: number, to: number): (TaskRow | null)[] {
    return Array.from({ length: Math.max(0, to - from) }, (_, n) => this.row(from + n));
  }

  /** Numbers of the pages that rows `from` to `to` need and that are not held or stale, from the middle outwards. */
  wanted(from: number, to: number): number[] {
    const last = this.settled ? Math.max(0, Math.ceil((this.total ?? 0) / PAGE) - 1) : Number.MAX_SAFE_INTEGER;
    const first = Math.min(last, Math.max(0, Math.floor(from / PAGE)));
    const end = Math.min(last, Math.max(first, Math.floor(Math.max(from, to - 1) / PAGE)));
    const numbers = Array.from({ length: end - first + 1 }, (_, n) => first + n);
    const middle = (from + to) / 2 / PAGE - 0.5;
    return numbers
      .filter((number) => this.held.get(number)?.stale !== false)
      .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  }

  /** `spoilt`: something changed while the page was under way; it is shown and asked for again. */
  put(number: number, rows: readonly TaskRow[], total: number, spoilt = false): void {
    if (this.foreign || (this.total !== null && total === 0)) this.held.clear();
    this.foreign = false;
    this.total = total;
    this.held.delete(number);
    this.held.set(number, { rows, stale: spoilt });
    for (const other of [...this.held.keys()]) {
      if (other * PAGE >= Math.max(1, total)) this.held.delete(other);
    }
    this.drop();
  }

  forget(): void {
    this.held.clear();
    this.total = null;
    this.foreign = false;
  }

  /** The page that was put first goes first. */
  private drop(): void {
    for (const number of this.held.keys()) {
      if (this.held.size <= MOST_PAGES) return;
      this.held.delete(number);
    }
  }
}
