/** A case as two columns of differing fields, its evidence and what may be decided. Pure. */
import type { Outcome } from '../types';
import { flat, shown, type Shown } from '../values';
import type { Case, Clocks, Place } from './types';

type Versions = Pick<Case, 'mine' | 'theirs' | 'base' | 'fields'>;

export interface Difference {
  field: string;
  mine: Shown;
  theirs: Shown;
  /** Value both sides started from, where the case knows it. */
  base: Shown | null;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

const ORDER = ['status', 'outcome.type', 'type', 'courier', 'recipient', 'reason', 'amount_minor', 'window_start'];

function rank(field: string): number {
  const at = ORDER.indexOf(field);
  return at < 0 ? ORDER.length : at;
}

/** When it happened stands in the heading of each side; the operation's word says no more than the status it made. */
function isHeading(field: string, mine: Record<string, unknown>): boolean {
  return field === 'at' || (field === 'type' && ('status' in mine || 'request' in mine || 'note' in mine));
}

/** Only what differs. Fields the case names come first; a field only one side knows differs by that. */
export function differences(item: Versions): Difference[] {
  const mine = flat(item.mine);
  const theirs = flat(item.theirs);
  const base = flat(item.base);
  const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter((field) => !isHeading(field, mine));
  const named = (field: string) => Number(!item.fields.includes(field));
  return names
    .filter((field) => !same(mine[field], theirs[field]))
    .sort((a, b) => named(a) - named(b) || rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((field) => ({
      field,
      mine: shown(field, mine[field]),
      theirs: shown(field, theirs[field]),
      base: field in base ? shown(field, base[field]) : null,
    }));
}

/** Suggested outcome first: it is the default button. */
export function outcomesInOrder(item: Pick<Case, 'outcomes' | 'suggested'>): Outcome[] {
  const rest = item.outcomes.filter((outcome) => outcome !== item.suggested);
  return item.outcomes.includes(item.suggested) ? [item.suggested, ...rest] : rest;
}

/** Quick reasons that fit the outcome and who speaks on its side; each is a key of the desk's dictionary. */
export function quickReasons(item: Pick<Case, 'kind' | 'mine'>, outcome: Outcome): string[] {
  if (isOneSided(item)) return ['asked_courier', 'settled_elsewhere', 'entered_wrongly'];
  if (outcome === 'noted') return ['both_true', 'settled_elsewhere', 'called_customer'];
  const { mine, theirs } = sidesOf(item);
  // What a customer says has no evidence of its own: it stands or falls with that of the delivery.
  const denied = mine === 'customer';
  if ((outcome === 'mine') === denied) return ['evidence_missing', 'called_customer', 'entered_wrongly'];
  if (denied) return ['evidence_clear', 'called_customer', 'customer_found_it'];
  return ['evidence_clear', 'called_customer', theirs === 'plan' ? 'plan_came_late' : 'entered_wrongly'];
}

/** Skew beyond which the handheld's clock is pointed at, ms (the server flags the same amount). */
const SKEW_LIMIT = 300_000;

export function isSkewed(skew: number | null): boolean {
  return skew !== null && Math.abs(skew) > SKEW_LIMIT;
}

/** Below this nobody would speak of a clock that is off, ms. */
const RIGHT = 30_000;

/** `skew_ms` is server minus handheld: a negative one is a clock that runs fast. */
export function skewOf(clocks: Pick<Clocks, 'skew_ms'>): 'unknown' | 'right' | 'fast' | 'slow' {
  if (clocks.skew_ms === null) return 'unknown';
  if (Math.abs(clocks.skew_ms) < RIGHT) return 'right';
  return clocks.skew_ms < 0 ? 'fast' : 'slow';
}

/** A wait for a signal that is worth a word, ms. */
const WAITED = 60_000;

/** How long it lay on the handheld before it arrived, ms; null when that is not known or not worth a word. */
export function waitOf(clocks: Clocks): number | null {
  const happened = clocks.corrected_at ?? clocks.at;
  if (happened === null || clocks.received_at === null) return null;
  const wait = clocks.received_at - happened;
  return wait >= WAITED ? wait : null;
}

export type Urgency = 'overdue' | 'soon' | 'calm';

const SOON = 30 * 60_000;

export function urgencyOf(item: Pick<Case, 'due_at'>, now: number): Urgency {
  if (item.due_at <= now) return 'overdue';
  return item.due_at - now < SOON ? 'soon' : 'calm';
}

/** When a side says it happened, ms; null when the case does not know. */
export function sideTime(side: Record<string, unknown>): number | null {
  return typeof side['at'] === 'number' ? side['at'] : null;
}

/** Cases with one side only: what came in made no sense, or something is missing. */
export function isOneSided(item: Pick<Case, 'kind'>): boolean {
  return item.kind === 'quarantined' || item.kind === 'device_lost';
}

/** What a one-sided case knows, a line each; the text as it came has a place of its own. */
/** `said`: the code has words of its own, so that the server's sentence, which is English, is left out. */
export function factLines(item: Pick<Case, 'mine'>, said = false): { name: string; text: string }[] {
  return Object.entries(item.mine)
    .filter(([name, value]) => name !== 'raw' && value !== null && value !== '' && !(said && name === 'detail'))
    .map(([name, value]) => ({ name, text: typeof value === 'string' ? value : JSON.stringify(value) }));
}

/** The case to look at after one was decided: its neighbour, so that a row of cases is worked off without the mouse. */
export function nextCase(cases: readonly { id: string }[], decided: string): string {
  const at = cases.findIndex((item) => item.id === decided);
  if (at < 0) return cases[0]?.id ?? '';
  return (cases[at + 1] ?? cases[at - 1])?.id ?? '';
}

export interface Sides {
  mine: 'handheld' | 'change' | 'customer';
  theirs: 'plan' | 'record' | 'change' | 'due' | 'wish';
}

const PLANNED: Sides = { mine: 'handheld', theirs: 'plan' };
const SIDES: Readonly<Record<string, Sides>> = {
  contradiction: { mine: 'handheld', theirs: 'record' },
  state: { mine: 'change', theirs: 'record' },
  field: { mine: 'change', theirs: 'change' },
  unsettled: { mine: 'handheld', theirs: 'due' },
  amount_differs: { mine: 'handheld', theirs: 'due' },
  second_payment: { mine: 'handheld', theirs: 'record' },
  disputed: { mine: 'customer', theirs: 'record' },
  no_consent: { mine: 'handheld', theirs: 'wish' },
  wrong_code: { mine: 'handheld', theirs: 'due' },
  partial: { mine: 'handheld', theirs: 'due' },
  problem: { mine: 'handheld', theirs: 'record' },
  handover: { mine: 'handheld', theirs: 'record' },
};

/** Who speaks in the two columns. Not every case is the handheld against the plan. */
export function sidesOf(item: Pick<Case, 'kind' | 'mine'>): Sides {
  if (item.kind !== 'request_late') return SIDES[item.kind] ?? PLANNED;
  const wished = item.mine['type'] === 'customer.request_set';
  return wished ? { mine: 'customer', theirs: 'record' } : { mine: 'handheld', theirs: 'wish' };
}

// --- the place ------------------------------------------------------------------------------------------------------

export type Nearness = 'none' | 'no_door' | 'at_door' | 'near' | 'far';

/** A door is as wide as this, m; positions in a stairwell are not better. */
const DOOR = 30;
const NEAR = 150;

export function nearnessOf(place: Place | null): Nearness {
  if (place === null) return 'none';
  if (place.distance_m === null) return 'no_door';
  if (place.distance_m <= Math.max(DOOR, Math.min(place.accuracy_m, NEAR))) return 'at_door';
  return place.distance_m <= NEAR ? 'near' : 'far';
}

const DIRECTIONS = ['n', 'ne', 'e', 'se', 's', 'sw', 'w', 'nw'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export function directionOf(east: number, north: number): Direction {
  const eighth = Math.round((Math.atan2(east, north) / (2 * Math.PI)) * 8);
  return DIRECTIONS[(eighth + 8) % 8] ?? 'n';
}

const RINGS = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000, 20_000_000];

/** Radius of the outer ring of the sketch, m: the smallest round one that holds every place. */
export function ringFor(places: readonly Place[]): number {
  const farthest = Math.max(0, ...places.map((place) => place.distance_m ?? 0));
  return RINGS.find((ring) => ring >= farthest) ?? 20_000_000;
}

/** Length as a person says it: metres, from a kilometre on with one decimal. */
export function lengthOf(metres: number): { unit: 'm' | 'km'; n: number } {
  if (metres < 1_000) return { unit: 'm', n: metres };
  return { unit: 'km', n: metres < 100_000 ? Math.round(metres / 100) / 10 : Math.round(metres / 1_000) };
}

// --- the countdown --------------------------------------------------------------------------------------------------

/** `9:05`: what is left to undo; null when it is over. */
export function countdown(until: number | null, now: number): string | null {
  if (until === null || until <= now) return null;
  const seconds = Math.ceil((until - now) / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
