/** How the inbox is narrowed, as its address says it, and what is selected in it. Pure. */
import type { Case, Mark } from './types';

export interface Narrowed {
  decided: boolean;
  kind: string;
  /** `me`, `none`, a user's id, or '' for everybody's. */
  owner: string;
  courier: string;
  due: '' | 'overdue' | 'today';
  q: string;
}

type Own = Readonly<Record<string, string>>;

export function narrowed(own: Own, decided: boolean): Narrowed {
  const due = own['due'];
  return {
    decided,
    kind: own['kind'] ?? '',
    owner: own['owner'] ?? '',
    courier: own['courier'] ?? '',
    due: due === 'overdue' || due === 'today' ? due : '',
    q: own['q'] ?? '',
  };
}

/** The query of the server's list, without page. */
export function queryOf(filter: Narrowed): string {
  const query = new URLSearchParams({ status: filter.decided ? 'decided' : 'open' });
  const parts = {
    kind: filter.kind,
    owner: filter.owner,
    courier: filter.courier,
    due: filter.due,
    q: filter.q.trim(),
  };
  for (const [name, value] of Object.entries(parts)) if (value !== '') query.set(name, value);
  return query.toString();
}

/** An address with one part of the filter changed; pressing what is on already turns it off. */
export function pressed(own: Own, name: string, value: string): Record<string, string> {
  return { ...own, [name]: own[name] === value ? '' : value };
}

export function isNarrowed(filter: Narrowed): boolean {
  return [filter.kind, filter.owner, filter.courier, filter.due, filter.q.trim()].some((part) => part !== '');
}

// --- selection ------------------------------------------------------------------------------------------------------

export type Chosen = ReadonlyMap<string, Mark>;
export const NONE_CHOSEN: Chosen = new Map();
/** Decided at once at most: the server answers so many ids, and nobody judges more of a kind in one go. */
export const MOST_CHOSEN = 5_000;

export function markOf(item: Case): Mark {
  const { id, kind, status, outcomes, suggested, owner } = item;
  return { id, kind, status, outcomes, suggested, owner };
}

export function toggled(chosen: Chosen, mark: Mark): Chosen {
  const next = new Map(chosen);
  if (!next.delete(mark.id)) next.set(mark.id, mark);
  return next;
}

/** From the cursor to where it goes, everything between included. */
export function ranged(chosen: Chosen, cases: readonly Case[], from: string, to: string): Chosen {
  const [a, b] = [from, to].map((id) => cases.findIndex((item) => item.id === id)).sort((x, y) => x - y);
  const next = new Map(chosen);
  for (const item of cases.slice(Math.max(0, a ?? 0), (b ?? -1) + 1)) next.set(item.id, markOf(item));
  return next;
}

/** Kinds of the selection, the most frequent first. */
export function kindsOf(chosen: Chosen): [string, number][] {
  const sums = new Map<string, number>();
  for (const { kind } of chosen.values()) sums.set(kind, (sums.get(kind) ?? 0) + 1);
  return [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

export function ofKind(chosen: Chosen, kind: string): Chosen {
  return new Map([...chosen].filter(([, mark]) => mark.kind === kind));
}

/** What is still as it was chosen: a case that was decided meanwhile drops out, one that merely left the page stays. */
export function kept(chosen: Chosen, cases: readonly Case[], decided: boolean): Chosen {
  const state = decided ? 'decided' : 'open';
  const gone = cases.filter((item) => chosen.has(item.id) && item.status !== state).map((item) => item.id);
  if (gone.length === 0) return chosen;
  return new Map([...chosen].filter(([id]) => !gone.includes(id)));
}

/** The outcome most of the selection is suggested, and those that all of it offers. */
export function offeredTo(marks: readonly Mark[]): { outcomes: Mark['outcomes']; suggested: Mark['suggested'] } {
  const [first] = marks;
  const outcomes = (first?.outcomes ?? []).filter((one) => marks.every((mark) => mark.outcomes.includes(one)));
  const votes = (one: Mark['suggested']) => marks.filter((mark) => mark.suggested === one).length;
  const suggested = [...outcomes].sort((a, b) => votes(b) - votes(a))[0] ?? 'noted';
  return { outcomes, suggested };
}
