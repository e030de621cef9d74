/** What the inbox knows right now. Its screens read it; only its actions write it. */
import { NONE_CHOSEN, type Chosen } from './filter';
import type { Run } from './run';
import type { Case, CaseDetail, Colleague, Counts } from './types';

class Inbox {
  /** Whose inbox this is: nothing of one person stays for the next one at the same desk. */
  user = '';
  /** Query the rows answer; rows of another one are never shown under a filter they do not fit. */
  query = $state('');
  rows = $state.raw<Case[] | null>(null);
  total = $state(0);
  counts = $state.raw<Counts | null>(null);
  colleagues = $state.raw<Colleague[]>([]);
  /** Rows asked for: grows as the list is scrolled. */
  wanted = $state(100);
  detail = $state.raw<{ id: string; value: CaseDetail | null; error: string | null }>({
    id: '',
    value: null,
    error: null,
  });
  /** Problem code of the last reading of the list, null when it succeeded. */
  error = $state<string | null>(null);
  chosen = $state.raw<Chosen>(NONE_CHOSEN);
  /** More fit the filter than can be decided at once. */
  capped = $state(false);
  runs = $state.raw<Run[]>([]);
  /** The sheet for deciding the selection is open. */
  deciding = $state(false);
  /** Outcome picked by a key, waiting for its reason: its place, counted from 1. */
  asked = $state.raw<{ case: string; place: number } | null>(null);

  putRun(run: Run): void {
    const known = this.runs.some((one) => one.id === run.id);
    this.runs = known ? this.runs.map((one) => (one.id === run.id ? run : one)) : [run, ...this.runs];
  }

  dropRun(id: string): void {
    this.runs = this.runs.filter((run) => run.id !== id);
  }

  /** The row of a case, as fresh as we have it. */
  get(id: string): Case | null {
    if (this.detail.id === id && this.detail.value !== null) return this.detail.value;
    return this.rows?.find((item) => item.id === id) ?? null;
  }

  reset(user: string): void {
    this.user = user;
    this.query = '';
    this.rows = null;
    this.total = 0;
    this.counts = null;
    this.colleagues = [];
    this.wanted = 100;
    this.detail = { id: '', value: null, error: null };
    this.error = null;
    this.chosen = NONE_CHOSEN;
    this.runs = [];
    this.deciding = false;
    this.asked = null;
  }
}

export const inbox = new Inbox();
