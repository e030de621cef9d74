/** A case as two columns of differing fields, its evidence and what may be decided. Pure. */
import type { ConflictCase, Outcome } from '../types';
import { flat, shown, type Shown } from '../values';

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
  return field === 'at' || (field === 'type' && 'status' in mine);
}

/** Only what differs. Fields the case names come first; a field only one side knows differs by that. */
export function differences(item: Pick<ConflictCase, 'mine' | 'theirs' | 'base' | 'fields'>): Difference[] {
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
export function outcomesInOrder(item: Pick<ConflictCase, 'outcomes' | 'suggested'>): Outcome[] {
  const rest = item.outcomes.filter((outcome) => outcome !== item.suggested);
  return item.outcomes.includes(item.suggested) ? [item.suggested, ...rest] : rest;
}

/** Quick reasons that fit the outcome; each is a key of the desk's dictionary. */
export function quickReasons(outcome: Outcome): string[] {
  const reasons: Record<Outcome, string[]> = {
    mine: ['evidence_clear', 'called_customer', 'plan_came_late'],
    theirs: ['evidence_missing', 'called_customer', 'entered_wrongly'],
    noted: ['both_true', 'settled_elsewhere', 'called_customer'],
  };
  return reasons[outcome];
}

/** Skew beyond which the handheld's clock is pointed at, ms (the server flags the same amount). */
export const SKEW_LIMIT = 300_000;

export function isSkewed(skew: number | null): boolean {
  return skew !== null && Math.abs(skew) > SKEW_LIMIT;
}

export type Urgency = 'overdue' | 'soon' | 'calm';

const SOON = 30 * 60_000;

export function urgencyOf(item: Pick<ConflictCase, 'due_at'>, now: number): Urgency {
  if (item.due_at === null) return 'calm';
  if (item.due_at <= now) return 'overdue';
  return item.due_at - now < SOON ? 'soon' : 'calm';
}

/** Open cases by deadline, decided ones with the latest decision on top. */
export function casesInOrder(cases: readonly ConflictCase[]): ConflictCase[] {
  const end = Number.MAX_SAFE_INTEGER;
  return [...cases].sort((a, b) =>
    a.decision !== null && b.decision !== null
      ? b.decision.at - a.decision.at
      : (a.due_at ?? end) - (b.due_at ?? end) || a.opened_at - b.opened_at,
  );
}

/** When a side says it happened, ms; null when the case does not know. */
export function sideTime(side: Record<string, unknown>): number | null {
  return typeof side['at'] === 'number' ? side['at'] : null;
}

/** Cases with one side only: what came in made no sense, or something is missing. */
export function isOneSided(item: Pick<ConflictCase, 'kind'>): boolean {
  return item.kind === 'quarantined' || item.kind === 'device_lost';
}

/** The raw problem as it came, a line each; nested parts stay as JSON. */
export function rawLines(item: Pick<ConflictCase, 'mine'>): { name: string; text: string; block: boolean }[] {
  return Object.entries(item.mine)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
      return { name, text, block: text.includes('\n') || text.length > 120 };
    });
}

/** The case to look at after one was decided: its neighbour, so that a row of cases is worked off without the mouse. */
export function nextCase(cases: readonly { id: string }[], decided: string): string {
  const at = cases.findIndex((item) => item.id === decided);
  if (at < 0) return cases[0]?.id ?? '';
  return (cases[at + 1] ?? cases[at - 1])?.id ?? '';
}

export interface Sides {
  mine: 'handheld' | 'change';
  theirs: 'plan' | 'record' | 'change' | 'due';
}

const PLANNED: Sides = { mine: 'handheld', theirs: 'plan' };
const SIDES: Readonly<Record<string, Sides>> = {
  contradiction: { mine: 'handheld', theirs: 'record' },
  state: { mine: 'change', theirs: 'record' },
  field: { mine: 'change', theirs: 'change' },
  unsettled: { mine: 'handheld', theirs: 'due' },
  amount_differs: { mine: 'handheld', theirs: 'due' },
  second_payment: { mine: 'handheld', theirs: 'record' },
};

/** Who speaks in the two columns. Not every case is the handheld against the plan. */
export function sidesOf(kind: string): Sides {
  return SIDES[kind] ?? PLANNED;
}
