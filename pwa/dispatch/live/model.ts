/** How old is what the desk shows, and what of it has to be read again. Pure: times and words from the server are handed in.
 *
 * `shown` is the desk's time for which the screen is known to be true. A word from the server that nothing changed moves
 * it on; a word that something changed stops it until that has been read. So its age is never flattering.
 */
import type { components } from '../../api/schema';

/** What the server says has changed; `tasks` null = any may have. */
export type Look = Omit<components['schemas']['Look'], 'at'>;

export type Via = 'none' | 'socket' | 'poll';

export interface LiveState {
  via: Via;
  /** Server's position up to which the desk has been told, null = never told. */
  position: number | null;
  /** Desk's clock, ms; null = nothing has been shown yet. */
  shown: number | null;
  /** Changes told but not read yet; null = none. */
  unread: Look | null;
  /** Failures in a row, of polls and of readings. */
  failures: number;
  /** Problem code of the last failure, null after a success. */
  error: string | null;
}

export const START: Readonly<LiveState> = Object.freeze({
  via: 'none',
  position: null,
  shown: null,
  unread: null,
  failures: 0,
  error: null,
});

export const EVERYTHING: Readonly<Look> = Object.freeze({ position: 0, tasks: null, couriers: true, cases: true });

export function isNews(look: Look): boolean {
  return look.tasks === null || look.tasks.length > 0 || look.couriers || look.cases;
}

/** Ids kept one by one; more than the server looks up at once is as good as "any". */
const MOST_IDS = 200;

export function joined(a: Look | null, b: Look): Look {
  if (a === null) return b;
  const ids = a.tasks === null || b.tasks === null ? null : [...new Set([...a.tasks, ...b.tasks])];
  return {
    position: Math.max(a.position, b.position),
    tasks: ids !== null && ids.length > MOST_IDS ? null : ids,
    couriers: a.couriers || b.couriers,
    cases: a.cases || b.cases,
  };
}

export type Heard =
  | { is: 'up' }
  | { is: 'down' }
  | { is: 'polling' }
  /** Still there. */
  | { is: 'beat'; position: number; now: number }
  | { is: 'look'; look: Look; now: number }
  /** A reading of `took` that began at `begun` has put everything on the screen. */
  | { is: 'read'; begun: number; took: Look }
  | { is: 'failed'; code: string };

export function heard(state: LiveState, event: Heard): LiveState {
  switch (event.is) {
    case 'up':
      return { ...state, via: 'socket', error: null };
    case 'polling':
      return { ...state, via: 'poll' };
    case 'down':
      return { ...state, via: 'none' };
    case 'beat':
      return beaten(state, event.position, event.now);
    case 'look':
      return looked(state, event.look, event.now);
    case 'read':
      return read(state, event.begun, event.took);
    case 'failed':
      return { ...state, failures: state.failures + 1, error: event.code };
  }
}

/**
 * The position counts every station's operations, so one that is ahead says nothing about ours: a look would have come
 * before it on the same socket. One that went back is another log (a restored server): everything is read again.
 */
function beaten(state: LiveState, position: number, now: number): LiveState {
  if (state.position !== null && position < state.position) {
    return { ...state, position, unread: joined(state.unread, { ...EVERYTHING, position }) };
  }
  const shown = state.unread === null && state.shown !== null ? Math.max(state.shown, now) : state.shown;
  return { ...state, position, shown, failures: 0, error: null };
}

function looked(state: LiveState, look: Look, now: number): LiveState {
  if (!isNews(look)) return beaten(state, look.position, now);
  return { ...state, position: look.position, unread: joined(state.unread, look), failures: 0, error: null };
}

/** What was told while the reading ran stays unread. */
function read(state: LiveState, begun: number, took: Look): LiveState {
  const unread = state.unread === took ? null : state.unread;
  return { ...state, shown: Math.max(state.shown ?? 0, begun), unread, failures: 0, error: null };
}

/** Age that is not worth a word, ms. */
const FRESH = 2_000;

export type Freshness = 'never' | 'fresh' | 'ageing' | 'offline';

export function ageOf(state: LiveState, now: number): number {
  return state.shown === null ? 0 : Math.max(0, now - state.shown);
}

/** A miss or two is ordinary and told by the age; "offline" is the word when nobody answers. */
export function freshness(state: LiveState, now: number): Freshness {
  if (state.shown === null) return state.failures > 0 ? 'offline' : 'never';
  if (state.failures > 1 && ageOf(state, now) > FRESH) return 'offline';
  return ageOf(state, now) > FRESH ? 'ageing' : 'fresh';
}

const FIRST = 2_000;
const LONGEST = 15_000;

/** Wait before the next try after so many failures, ms: doubling, and spread so that desks do not come back at once. */
export function backOff(failures: number, chance: number): number {
  const most = Math.min(LONGEST, FIRST * 2 ** Math.min(Math.max(0, failures - 1), 4));
  return Math.round(most * (0.5 + chance / 2));
}
