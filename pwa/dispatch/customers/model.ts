/** What the customers' screens show, worked out from what was read. Pure. */
import type { Route } from '../route';
import type { CustomerRequest, Tier, Touch } from './types';

export type Tab = 'customers' | 'proposals' | 'audit';
export const TIERS: readonly Tier[] = ['key', 'monthly', 'casual'];

export interface Question {
  q: string;
  tier: Tier | '';
}

/** Which part of the screen the address asks for; the audit is the admin's. */
export function tabOf(route: Pick<Route, 'own'>, role: string): Tab {
  const tab = route.own['show'];
  if (tab === 'proposals') return 'proposals';
  return tab === 'audit' && role === 'admin' ? 'audit' : 'customers';
}

export function questionOf(route: Pick<Route, 'own'>): Question {
  const tier = TIERS.find((one) => one === route.own['tier']);
  return { q: (route.own['q'] ?? '').trim(), tier: tier ?? '' };
}

export function questionKey(question: Question): string {
  return `${question.tier}|${question.q}`;
}

/** How many rows come at once. */
export const PAGE = 100;

export function listPath(question: Question, offset: number): string {
  const query = new URLSearchParams({ limit: String(PAGE), offset: String(offset) });
  if (question.q !== '') query.set('q', question.q);
  if (question.tier !== '') query.set('tier', question.tier);
  return `/api/v1/dispatch/customers?${query.toString()}`;
}

/** Does a request count at the door at this moment, as far as its validity goes? */
export type Validity = 'now' | 'later' | 'over';

export function validity(request: Pick<CustomerRequest, 'valid_from' | 'valid_until'>, now: number): Validity {
  if (request.valid_until !== null && request.valid_until < now) return 'over';
  return request.valid_from !== null && request.valid_from > now ? 'later' : 'now';
}

export type Standing = 'proposed' | 'counts' | 'later' | 'over' | 'off';

/** Where a request stands: what waits for a decision first, what is over last. */
export function standing(request: CustomerRequest, now: number): Standing {
  if (!request.active) return 'off';
  if (request.state === 'proposed') return 'proposed';
  const valid = validity(request, now);
  return valid === 'now' ? 'counts' : valid;
}

const ORDER: readonly Standing[] = ['proposed', 'counts', 'later', 'over', 'off'];

export function requestsInOrder(requests: readonly CustomerRequest[], now: number): CustomerRequest[] {
  const rank = (one: CustomerRequest) => ORDER.indexOf(standing(one, now));
  return [...requests].sort((a, b) => rank(a) - rank(b) || (b.set_at ?? 0) - (a.set_at ?? 0));
}

/** 1..7 -> runs of days, Monday first: [1,2,3,5] -> [[1,3],[5,5]]. */
export function dayRuns(weekdays: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const day of [...weekdays].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}

const DAY = 86_400_000;

/** `2026-05-04` of a date field as the first ms of that day in a zone; null for an empty field. */
export function dayStart(text: string, offset: (at: number) => number): number | null {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (found === null) return null;
  const utc = Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  // Twice: the offset that counts is that of the moment itself, not that of midnight in Greenwich.
  return utc - offset(utc - offset(utc));
}

/** The last ms of that day. */
export function dayEnd(text: string, offset: (at: number) => number): number | null {
  const start = dayStart(text, offset);
  if (start === null) return null;
  const next = new Date(Date.parse(`${text}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
  return (dayStart(next, offset) ?? start + DAY) - 1;
}

/** A zone's offset from UTC at a moment, ms. */
export function offsetIn(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map((one) => [one.type, Number(one.value)]));
    const local = Date.UTC(
      part['year'] ?? 0,
      (part['month'] ?? 1) - 1,
      part['day'] ?? 1,
      part['hour'] ?? 0,
      part['minute'] ?? 0,
      part['second'] ?? 0,
    );
    return local - Math.floor(at / 1000) * 1000;
  };
}

/** Pages of a timeline as one list; what came twice between two reads is told once. */
export function joined(before: readonly Touch[], more: readonly Touch[]): Touch[] {
  const known = new Set(before.map((touch) => touch.position));
  return [...before, ...more.filter((touch) => !known.has(touch.position))];
}
