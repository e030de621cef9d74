/** Help for a number typed by hand: which of the courier's own it may be meant to be, and what its check digit says. */
import { agreement, matches, normal } from './carriers';

/** What the typed number and the meant one differ in. */
export type Slip = 'same' | 'end' | 'digit' | 'swap' | 'missing' | 'extra';

export interface Guess {
  number: string;
  slip: Slip;
  /** Where in `number` it differs; -1 when nowhere. */
  at: number;
}

/** So many last characters are enough to find a parcel by. */
const SHORTEST_END = 4;
const MOST = 3;

const firstDifference = (one: string, other: string): number => {
  const at = [...one].findIndex((character, place) => character !== other[place]);
  return at < 0 ? one.length : at;
};

/** The single slip of a finger that made `typed` of `meant`, null when it takes more than one. */
export function slipOf(typed: string, meant: string): Slip | null {
  if (typed === meant) return 'same';
  const at = firstDifference(meant, typed);
  if (typed.length === meant.length) {
    if (typed.slice(at + 1) === meant.slice(at + 1)) return 'digit';
    const swapped = meant.slice(0, at) + (meant[at + 1] ?? '') + (meant[at] ?? '') + meant.slice(at + 2);
    return swapped === typed ? 'swap' : null;
  }
  if (typed.length === meant.length - 1 && typed.slice(at) === meant.slice(at + 1)) return 'missing';
  if (typed.length === meant.length + 1 && typed.slice(at + 1) === meant.slice(at)) return 'extra';
  return null;
}

const LIKELY: readonly Slip[] = ['same', 'end', 'swap', 'digit', 'missing', 'extra'];

/** The courier's own numbers that this one is likely meant to be, the likeliest first. */
export function guesses(typed: string, own: readonly string[]): Guess[] {
  const code = normal(typed);
  if (code.length < SHORTEST_END) return [];
  const found = own.flatMap((number): Guess[] => {
    const slip = slipOf(code, number) ?? (number.endsWith(code) ? 'end' : null);
    const nowhere = slip === 'same' || slip === 'end';
    return slip ? [{ number, slip, at: nowhere ? -1 : firstDifference(number, code) }] : [];
  });
  return found.sort((one, other) => LIKELY.indexOf(one.slip) - LIKELY.indexOf(other.slip)).slice(0, MOST);
}

export interface CheckHelp {
  carrier: string;
  /** What the last digit would have to be, were the others right. */
  expected: string;
  /** The number with two neighbours changed back, where that makes it right: the commonest slip there is. */
  swaps: string[];
}

/** What a check digit that does not agree says of a number no list knows; null when it agrees or none is known. */
export function checkHelp(typed: string): CheckHelp | null {
  const code = normal(typed);
  const found = matches(code);
  const wrong = found.find((one) => one.agreement === 'bad' && one.format.sure);
  if (agreement(found) !== 'bad' || !wrong) return null;
  const serial = wrong.format.pattern.exec(code)?.groups?.['serial'] ?? '';
  const swaps = [...code].flatMap((character, at) => {
    const next = code[at + 1];
    if (next === undefined || next === character) return [];
    const swapped = code.slice(0, at) + next + character + code.slice(at + 2);
    return matches(swapped).some((one) => one.format === wrong.format && one.agreement === 'good') ? [swapped] : [];
  });
  return { carrier: wrong.format.carrier, expected: wrong.format.check?.(serial) ?? '', swaps: swaps.slice(0, MOST) };
}
