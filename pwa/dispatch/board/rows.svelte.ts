/** The task table's data: pages of the server's list, fetched as they come into sight. */
/* eslint-disable svelte/prefer-svelte-reactivity -- `version` counts what is put into these maps */
import type { TaskRow, TasksAnswer } from '../types';
import { PAGE, Pages } from './pages';

export interface TableDoor {
  (query: string, offset: number, limit: number, signal: AbortSignal): Promise<TasksAnswer>;
}

/** Rows known one by one, for the right pane and for deeds, beyond the pages in sight. */
const MOST_KNOWN = 5_000;

export class TaskTable {
  /** Counts what was put in: whoever reads rows depends on it. */
  version = $state(0);
  total = $state<number | null>(null);
  /** The rows shown belong to the filter before. */
  turning = $state(false);
  /** The last page asked for did not come. */
  failed = $state(false);

  private readonly pages = new Pages();
  private readonly known = new Map<string, TaskRow>();
  private readonly running = new Map<number, AbortController>();
  private query: string | null = null;
  private from = 0;
  private to = 40;
  /** Moves on with every change told: a page asked for before it is stale when it arrives. */
  private tide = 0;

  constructor(private readonly door: TableDoor) {}

  /** Show another list. Resolves when what is in sight has arrived. */
  show(query: string): Promise<void> {
    if (query === this.query && (this.total !== null || this.running.size > 0)) return Promise.resolve();
    this.query = query;
    this.turning = this.total !== null;
    this.stopAll();
    this.pages.turn();
    this.from = 0;
    this.to = Math.min(this.to, PAGE);
    return this.fill();
  }

  /** Rows in sight. What comes into sight is asked for, what left it is not waited for any longer. */
  sight(from: number, to: number): void {
    if (from === this.from && to === this.to) return;
    this.from = from;
    this.to = to;
    const near = new Set([Math.floor(from / PAGE), Math.floor(Math.max(from, to - 1) / PAGE)]);
    for (const [number, controller] of this.running) {
      if (!near.has(number)) controller.abort();
    }
    void this.fill().catch(() => undefined);
  }

  /** Something changed: what is in sight is read again, the rest when it comes into sight. */
  refresh(query: string): Promise<void> {
    if (query !== this.query) return this.show(query);
    this.tide += 1;
    this.stopAll();
    this.pages.spoil();
    return this.fill();
  }

  row(index: number): TaskRow | null {
    void this.version;
    return this.pages.row(index);
  }

  slice(from: number, to: number): (TaskRow | null)[] {
    void this.version;
    return this.pages.slice(from, to);
  }

  indexOf(id: string): number {
    void this.version;
    return this.pages.indexOf(id);
  }

  get(id: string): TaskRow | null {
    void this.version;
    return this.known.get(id) ?? null;
  }

  /** Rows learnt elsewhere: a look-up, a detail. */
  learn(rows: readonly TaskRow[]): void {
    for (const row of rows) {
      this.known.delete(row.id);
      this.known.set(row.id, row);
    }
    for (const id of this.known.keys()) {
      if (this.known.size <= MOST_KNOWN) break;
      this.known.delete(id);
    }
    this.version += 1;
  }

  /** Rows `from` to `to`, those not held asked for first. */
  async between(from: number, to: number): Promise<TaskRow[]> {
    for (const number of this.pages.wanted(from, to)) await this.fetch(number, false);
    return this.pages.slice(from, to).filter((row) => row !== null);
  }

  forget(): void {
    this.stopAll();
    this.pages.forget();
    this.known.clear();
    this.query = null;
    this.total = null;
    this.turning = false;
    this.version += 1;
  }

  private async fill(): Promise<void> {
    // The table is drawn before anybody has said which list it shows.
    if (this.query === null) return;
    const wanted = this.pages.wanted(this.from, this.to).filter((number) => !this.running.has(number));
    await Promise.all(wanted.map((number) => this.fetch(number)));
  }

  /** `passing`: nobody waits any longer once the page has left the sight. */
  private async fetch(number: number, passing = true): Promise<void> {
    const controller = new AbortController();
    if (passing) this.running.set(number, controller);
    const tide = this.tide;
    try {
      const answer = await this.door(this.query ?? '', number * PAGE, PAGE, controller.signal);
      if (controller.signal.aborted) return;
      this.pages.put(number, answer.tasks, answer.total, tide !== this.tide);
      this.total = answer.total;
      this.turning = false;
      this.failed = false;
      this.learn(answer.tasks);
    } catch (error) {
      // A page nobody waits for any longer is no failure.
      if (controller.signal.aborted) return;
      this.failed = true;
      throw error;
    } finally {
      if (this.running.get(number) === controller) this.running.delete(number);
    }
  }

  private stopAll(): void {
    for (const controller of this.running.values()) controller.abort();
    this.running.clear();
  }
}
