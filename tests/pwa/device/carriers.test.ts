import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gs1, luhn, mod10, mod37, mod7, s10 } from '../../../pwa/device/codes/checks';
import { agreement, matches, matchFormat, normal } from '../../../pwa/device/codes/carriers';
import { FORMATS } from '../../../pwa/device/codes/formats';

describe('check digits', () => {
  it('are those of the standards', () => {
    expect(gs1('400638133393')).toBe('1');
    expect(luhn('7992739871')).toBe('3');
    expect(s10('47312482')).toBe('9');
    expect(mod7('331881002')).toBe('5');
    expect(mod10('5R8939035756712', 1, 2)).toBe('7');
    expect(mod37('09980000020033')).toBe('F');
  });
});

describe('a number and its carrier', () => {
  it('wrapping is taken off', () => {
    expect(matches('420787459400111206206406260787')[0]?.number).toBe('9400111206206406260787');
    expect(matches('008182709980000020033350276C')[0]?.number).toBe('09980000020033');
    expect(matches('9611020987654312345672')[0]?.number).toBe('987654312345672');
  });
  it('a wrong digit is only said where nothing else looks like it', () => {
    expect(agreement(matches('RB123456785GB'))).toBe('good');
    expect(agreement(matches('RB123456786GB'))).toBe('bad');
    expect(agreement(matches('1Z5R89390357567128'))).toBe('bad');
    expect(agreement(matches('73112345678905'))).toBe('none');
    expect(agreement(matches('SF1428805599012'))).toBe('none');
  });
  it('one digit wrong is seen by every format that checks', () => {
    for (const [id, valid, wrong] of [
      ['s10', 'RB123456785GB', 'RB123456786GB'],
      ['ups', '1Z5R89390357567127', '1Z5R89390357567128'],
      ['dhl_express', '3318810025', '3318810026'],
    ]) {
      const format = FORMATS.find((one) => one.id === id);
      expect(format && matchFormat(format, valid ?? '')?.agreement).toBe('good');
      expect(format && matchFormat(format, wrong ?? '')?.agreement).toBe('bad');
    }
  });
});

interface Facts {
  tracking_numbers: { id?: string; name: string; test_numbers: { valid: string[]; invalid?: string[] } }[];
}

/** The public list of carriers' formats is no part of the project: where it lies beside it, our table is held to it. */
const FOLDER = join(import.meta.dirname, '../../../../shared/data/tracking_numbers/couriers');
const there = existsSync(FOLDER);
const known = there
  ? readdirSync(FOLDER).flatMap(
      (file) => (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Facts).tracking_numbers,
    )
  : [];
const named = (one: Facts['tracking_numbers'][number]): string =>
  one.id ?? one.name.toLowerCase().replace(/\W+/g, ' ').trim().replaceAll(' ', '-');

if (!there) console.warn(`carriers.test.ts: ${FOLDER} is not there, the public numbers were not tried`);

describe.skipIf(!there)('every public number', () => {
  const formats = known.map((one) => ({ id: named(one), ...one.test_numbers }));
  it('has its format here', () => {
    expect(formats.length).toBeGreaterThan(30);
    expect(formats.map(({ id }) => id).filter((id) => !FORMATS.some((one) => one.id === id))).toEqual([]);
  });
  it.each(formats)('$id', ({ id, valid, invalid = [] }) => {
    const format = FORMATS.find((one) => one.id === id);
    const taken = (code: string): boolean => {
      const match = format && matchFormat(format, normal(code));
      return match !== undefined && match !== null && match.agreement !== 'bad';
    };
    expect(valid.filter((code) => !taken(code))).toEqual([]);
    expect(invalid.filter((code) => taken(code))).toEqual([]);
  });
});
