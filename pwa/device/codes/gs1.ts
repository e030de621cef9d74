/** GS1's way of saying several things in one code: element strings, as the decoder, a wedge or a person writes them. */
import { gs1 as checkDigit } from './checks';
import { IDENTIFIERS, type Part } from './gs1-table';

/** What separates the elements in a code. */
export const SEPARATOR = '\x1d';

export interface Element {
  ai: string;
  value: string;
}

const CHARACTERS: Record<Part['kind'], RegExp> = {
  N: /^\d*$/,
  X: /^[!"%-?A-Z_a-z]*$/,
  Y: /^[#\-/0-9A-Z]*$/,
  Z: /^[A-Za-z0-9_-]*={0,2}$/,
};

function isDate(text: string, dayKnown: boolean): boolean {
  const [month, day] = [Number(text.slice(2, 4)), Number(text.slice(4, 6))];
  const days = new Date(Date.UTC(2000 + Number(text.slice(0, 2)), month, 0)).getUTCDate();
  return month >= 1 && month <= 12 && day >= (dayKnown ? 1 : 0) && day <= days;
}

function holds(text: string, { kind, rule }: Part): boolean {
  if (!CHARACTERS[kind].test(text)) return false;
  if (rule === 'c') return checkDigit(text.slice(0, -1)) === text.slice(-1);
  if (rule === 'p') return text.slice(0, 2) !== '00' && text.slice(0, 2) <= text.slice(2);
  return rule === '' || isDate(text, rule === 'D');
}

/** How much of `text` the parts take, as much as they can; -1 when it does not hold. */
function taken(text: string, parts: readonly Part[]): number {
  let at = 0;
  for (const part of parts) {
    const piece = text.slice(at, at + part.most);
    if (piece.length === 0 && part.least === 0) continue;
    const whole =
      part.least === 0 && parts.indexOf(part) > 0 && !part.rule && part.kind !== 'N' ? 1 : part.least || shortest(part);
    if (piece.length < whole || !holds(piece, part)) return -1;
    at += piece.length;
  }
  return at;
}

/** The least an optional part has once it is there: a country has all of its digits, a serial number at least one. */
function shortest({ kind, most }: Part): number {
  return kind === 'N' && most <= 6 && most !== 2 ? most : 1;
}

export function isValue(ai: string, value: string): boolean {
  const parts = IDENTIFIERS.get(ai)?.parts;
  return parts !== undefined && value.length > 0 && taken(value, parts) === value.length;
}

function identifierAt(text: string): string | undefined {
  return [2, 3, 4].map((length) => text.slice(0, length)).find((ai) => IDENTIFIERS.has(ai));
}

/** Elements without brackets, `SEPARATOR` between those whose length is not fixed; null when anything about it is wrong. */
export function parseElements(text: string): Element[] | null {
  const elements: Element[] = [];
  let rest = text;
  while (rest) {
    const ai = identifierAt(rest);
    const known = ai === undefined ? undefined : IDENTIFIERS.get(ai);
    if (ai === undefined || !known) return null;
    const after = rest.slice(ai.length);
    const end = after.indexOf(SEPARATOR);
    const longest = known.parts.reduce((sum, { most }) => sum + most, 0);
    const value = after.slice(0, known.fixed ? longest : end < 0 ? undefined : end);
    if (!isValue(ai, value)) return null;
    elements.push({ ai, value });
    rest = after.slice(value.length);
    if (rest.startsWith(SEPARATOR)) rest = rest.slice(1);
  }
  return elements.length > 0 ? elements : null;
}

/** As it is printed below the bars: `(00)006141411234567890(10)12345`; a bracket in a value has a backslash before it. */
export function parseBracketed(text: string): Element[] | null {
  if (!/^\(\d{2,4}\)/.test(text)) return null;
  const elements = text
    .split(/(?<!\\)\(/)
    .slice(1)
    .map((one) => {
      const [, ai = '', value = ''] = /^(\d{2,4})\)(.+)$/s.exec(one) ?? [];
      return { ai, value: value.replaceAll('\\(', '(') };
    });
  return elements.every(({ ai, value }) => isValue(ai, value)) ? elements : null;
}

/** The other way: to write down, and to compare with what others make of it. */
export function written(elements: readonly Element[]): string {
  return elements
    .map(({ ai, value }, at) => {
      const last = at === elements.length - 1 || IDENTIFIERS.get(ai)?.fixed;
      return ai + value + (last ? '' : SEPARATOR);
    })
    .join('');
}
