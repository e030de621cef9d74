import { describe, expect, it } from 'vitest';
import { checkHelp, guesses, slipOf } from '../../../pwa/device/codes/help';
import { LONGEST_CODE, understand } from '../../../pwa/device/codes/reading';

const first = (raw: string): string | undefined => understand(raw).numbers[0];

describe('a number and what is around it', () => {
  it.each([
    ['SF1428805599012', 'SF1428805599012'],
    ['  sf1428 8055-99012\r', 'SF1428805599012'],
    ['*SF1428805599012*', 'SF1428805599012'],
    ['"SF1428805599012",', 'SF1428805599012'],
    ['ＳＦ１４２８８０５５９９０１２', 'SF1428805599012'],
    ['\ufeffSF1428805599012\u200b', 'SF1428805599012'],
    ['运单号：SF1428805599012', 'SF1428805599012'],
    ['WB: SF1428805599012', 'SF1428805599012'],
    [']C1SF1428805599012', 'SF1428805599012'],
    ['SF14288\x0005599012', 'SF14288'],
  ])('%j means %s', (raw, number) => expect(first(raw)?.slice(0, number.length)).toBe(number));
  it('a box of several is looked for as it is and without its place among them', () => {
    expect(understand('JDX012345678901-2-3-').numbers).toContain('JDX012345678901');
  });
  it('a label that says where to route the parcel has the number inside', () => {
    expect(understand('420787459400111206206406260787').numbers).toContain('9400111206206406260787');
    expect(understand('(00)006141411234567890').numbers).toContain('006141411234567890');
    expect(understand(']C100006141411234567890').numbers).toContain('006141411234567890');
    expect(understand('https://id.gs1.org/00/952012345678912345').numbers).toContain('952012345678912345');
  });
  it('a code full of text is looked through', () => {
    const text = "MMM={'k1':'755AB','k2':'755','k3':'001','k4':'T4','k5':'SF1428805599012'}";
    expect(understand(text).numbers).toContain('SF1428805599012');
    expect(understand('https://example.com/t?no=SF1428805599012&x=1').numbers).toEqual(['SF1428805599012']);
  });
});

describe('what is no number', () => {
  it('is said to be what it is', () => {
    expect(understand('\x00\x01 \r\n').trouble).toBe('empty');
    expect(understand('https://example.com/welcome').trouble).toBe('address');
    expect(understand('www.example.com/').trouble).toBe('address');
    expect(understand('签收').trouble).toBe('text');
    expect(understand('1234').trouble).toBe('text');
  });
  it('four kilobytes are not looked through to the end, and never kept whole', () => {
    const long = understand(`${'长'.repeat(2_000)}SF1428805599012`);
    expect(long).toMatchObject({ trouble: 'text', numbers: [] });
    expect([...long.code]).toHaveLength(LONGEST_CODE);
    expect(understand('7'.repeat(4_096)).numbers).toEqual([]);
  });
  it('keeps no control characters', () => expect(understand('A\x1d1\x07 2\n3').code).toBe('A 1 2 3'));
});

describe('check digits', () => {
  it('are told, and never in the way', () => {
    expect(understand('RB123456785GB')).toMatchObject({ check: 'good', carrier: 'UPU' });
    expect(understand('RB123456786GB')).toMatchObject({ check: 'bad', numbers: ['RB123456786GB'] });
    expect(understand('DS202611210001').check).toBe('none');
  });
  it('say which digit would be right, and what two were changed about', () => {
    expect(checkHelp('RB123456786GB')).toMatchObject({ carrier: 'UPU', expected: '5' });
    expect(checkHelp('RB132456785GB')?.swaps).toContain('RB123456785GB');
    expect(checkHelp('RB123456785GB')).toBeNull();
    expect(checkHelp('SF1428805599012')).toBeNull();
  });
});

describe('a number typed by hand', () => {
  const own = ['SF1428805599012', 'SF1428805599020', 'YT7786120044519'];
  it.each([
    ['SF1428805599012', 'same'],
    ['SF1428805599O12', 'digit'],
    ['SF1428805590912', 'swap'],
    ['SF142880559912', 'missing'],
    ['SF14288055990122', 'extra'],
    ['SF9928805599012', null],
  ] as const)('%s: %s', (typed, slip) => expect(slipOf(typed, 'SF1428805599012')).toBe(slip));
  it('is found by its end, and by one slip of a finger', () => {
    expect(guesses('4519', own)).toEqual([{ number: 'YT7786120044519', slip: 'end', at: -1 }]);
    expect(guesses('SF1428805599102', own)[0]).toEqual({ number: 'SF1428805599012', slip: 'swap', at: 12 });
    expect(guesses('45', own)).toEqual([]);
    expect(guesses('SF0000000000000', own)).toEqual([]);
  });
});
