/**
 * What a code that was read may mean: the numbers to look for, most likely first, whatever is around them. Nothing is refused here: a
 * wrong check digit is said and the number is looked for all the same, since what is on the list is on the list.
 */
import { agreement, matches, normal, type Agreement } from './carriers';
import { WRAPPINGS } from './formats';
import { parseBracketed, parseElements, SEPARATOR, type Element } from './gs1';
import { parseLink } from './link';

export interface Reading {
  /** What was read, fit to be kept: no control characters, not longer than a record takes. */
  code: string;
  /** Numbers in their normal form, most likely first; none when there is no number in it. */
  numbers: string[];
  check: Agreement;
  carrier: string | null;
  elements: Element[];
  /** Why there is no number in it. */
  trouble: 'empty' | 'address' | 'text' | null;
}

/** As much of a code as is kept (sync/schemas: the record of a scan). */
export const LONGEST_CODE = 500;
/** No waybill is longer; what is, is a text or a picture of one. */
const LONGEST_NUMBER = 40;
const SHORTEST_NUMBER = 5;
/** Looked at of a code: a number lies near the front of a label's text, and 4 kB of text is not a label. */
const LOOKED_AT = 1_000;
const MOST_NUMBERS = 6;

/** Codes that say a parcel's number: the logistic unit, the consignment, the shipment, then what is inside. */
const NUMBERS_OF_GS1 = ['00', '401', '402', '400', '8003', '8004', '21', '01'];

/** Full-width letters and digits as a Chinese keyboard writes them, the scanner's name of the symbology, control characters. */
function plain(raw: string): string {
  return raw
    .normalize('NFKC')
    .replace(/^\][A-Za-z]\d/, '')
    .replace(/[\u200b-\u200f\u2028-\u202e\u2060\ufeff]/g, '');
}

// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** A run of letters and digits that could be a waybill: long enough and with digits enough. */
function isNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '').length;
  return (
    /^[A-Z0-9]+$/.test(text) && digits >= SHORTEST_NUMBER && text.length <= LONGEST_NUMBER && digits * 2 >= text.length
  );
}

function unwrapped(text: string): string[] {
  return WRAPPINGS.flatMap((wrapping) => wrapping.exec(text)?.groups?.['number'] ?? []).map(normal);
}

/** Numbers in a longer text, the longest first: a label's text says more than its number. */
function numbersIn(text: string): string[] {
  return text
    .split(/[^A-Za-z0-9-]+/)
    .map(normal)
    .filter(isNumber)
    .sort((one, other) => other.length - one.length);
}

function ofElements(elements: readonly Element[]): string[] {
  return NUMBERS_OF_GS1.flatMap((ai) => elements.filter((one) => one.ai === ai).map(({ value }) => normal(value)));
}

/** Dirt at both ends that no waybill has: stars of Code 39, quotes, brackets, a full stop. */
const trimmed = (text: string): string => text.replace(/^[^A-Za-z0-9\u4e00-\u9fff]+|[^A-Za-z0-9]+$/g, '');

function elementsOf(text: string): Element[] {
  const bare = text.startsWith(SEPARATOR) ? text.slice(1) : text;
  return parseBracketed(bare) ?? parseLink(bare) ?? (/^\d/.test(bare) ? parseElements(bare) : null) ?? [];
}

/** A whole code that is one number, however it is wrapped. */
function asOne(text: string): string[] {
  const bare = trimmed(text);
  const whole = normal(bare);
  return isNumber(whole) ? [whole, ...unwrapped(bare), ...matches(whole).map(({ number }) => number)] : unwrapped(bare);
}

export function understand(raw: string): Reading {
  const text = plain(raw).slice(0, LOOKED_AT).trim();
  const clean = text.replace(CONTROL, ' ').replace(/ {2,}/g, ' ').trim();
  const isAddress = /^(?:[a-z][a-z0-9+.-]*:\/\/|www\.)/i.test(clean);
  const elements = elementsOf(text);
  const found = [
    ...(isAddress ? [] : asOne(clean)),
    ...ofElements(elements),
    ...numbersIn(isAddress ? clean.replace(/^[^/]*\/\/[^/]*/, '') : clean),
  ];
  const numbers = [...new Set(found)].slice(0, MOST_NUMBERS);
  const known = numbers.flatMap((number) => matches(number));
  return {
    code: [...clean].slice(0, LONGEST_CODE).join(''),
    numbers,
    check: agreement(numbers[0] ? matches(numbers[0]) : []),
    carrier: known.find((one) => one.agreement === 'good')?.format.carrier ?? null,
    elements,
    trouble: numbers.length > 0 ? null : clean === '' ? 'empty' : isAddress ? 'address' : 'text',
  };
}
