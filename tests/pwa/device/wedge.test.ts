import { describe, expect, it } from 'vitest';
import { feed, idle, type Marks, type WedgeState } from '../../../pwa/device/wedge';

/** Types `text` with the given gap and ends with Enter; answers the scan, if it was one. */
function type(
  text: string,
  gap: number,
  options: { from?: WedgeState; at?: number; stallAfter?: number } = {},
): string | undefined {
  let state = options.from ?? idle;
  let at = options.at ?? 1000;
  [...text].forEach((key, index) => {
    state = feed(state, key, at).state;
    at += index === options.stallAfter ? 700 : gap;
  });
  return feed(state, 'Enter', at).scan;
}

describe('a scanner is told from a person by timing', () => {
  it.each([2, 8, 20, 45])('a burst with %i ms between keys is a scan', (gap) => {
    expect(type('SF1428805599012', gap)).toBe('SF1428805599012');
  });
  it.each([85, 120, 250, 600])('typing with %i ms between keys is not', (gap) => {
    expect(type('SF1428805599012', gap)).toBeUndefined();
  });
  it('a page that stalled once does not cost a character', () => {
    expect(type('SF1428805599012', 6, { stallAfter: 0 })).toBe('SF1428805599012');
    expect(type('SF1428805599012', 6, { stallAfter: 8 })).toBe('SF1428805599012');
  });
  it('what a person typed before the trigger is no part of the code', () => {
    const typed = ['1', '2', '3'].reduce((state, key, index) => feed(state, key, index * 150).state, idle);
    expect(type('SF1428805599012', 6, { from: typed, at: 900 })).toBe('SF1428805599012');
    expect(type('SF1428805599012', 6, { from: typed, at: 4000 })).toBe('SF1428805599012');
  });
  it('a scanner that stalls twice in a row in the middle is not cut in two', () => {
    const gaps = [5, 5, 90, 90, 90, 5, 5, 5, 5, 5, 5, 5, 5, 5];
    let at = 1_000;
    let state = feed(idle, 'S', at).state;
    [...'F1428805599012'].forEach((key, index) => (state = feed(state, key, (at += gaps[index] ?? 5)).state));
    expect(feed(state, 'Enter', at + 5).scan).toBe('SF1428805599012');
  });
  it('short bursts are fast fingers', () => {
    expect(type('12345', 5)).toBeUndefined();
    expect(type('123456', 5)).toBe('123456');
  });
  it('an Enter that comes late belongs to the person', () => {
    let state = idle;
    [...'SF14288055'].forEach((key, index) => (state = feed(state, key, 1000 + index * 5).state));
    expect(feed(state, 'Enter', 2100).scan).toBeUndefined();
  });
  it('the shift a scanner sends for capitals changes nothing, other keys end the burst', () => {
    let state = feed(idle, 'S', 0).state;
    state = feed(state, 'Shift', 4).state;
    expect(type('F142880', 5, { from: state, at: 8 })).toBe('SF142880');
    expect(feed(state, 'Escape', 5).state).toEqual(idle);
  });
  it('starts afresh after a scan', () => {
    const after = feed({ ...idle, text: 'SF142880', last: 100, gaps: [5, 5] }, 'Enter', 105);
    expect(after).toEqual({ state: { ...idle, ended: 105 }, scan: 'SF142880', typed: 'SF142880' });
  });
  it('a second Enter right after a scan is the scanner still, a later one is a person', () => {
    const { state } = feed({ ...idle, text: 'SF142880', last: 100, gaps: [5, 5] }, 'Enter', 105);
    expect(feed(state, 'Enter', 110).after).toBe(true);
    expect(feed(state, 'Enter', 400).after).toBeUndefined();
  });
  it('a QR code of four kilobytes is one scan', () => {
    expect(type('7'.repeat(4_096), 2)).toHaveLength(4_096);
  });
});

describe('a scanner with marks of its own', () => {
  const scans = (text: string, gap: number, marks: Marks): string[] => {
    let state = idle;
    return [...text].flatMap((key, at) => {
      const step = feed(state, key, 1_000 + at * gap, marks);
      state = step.state;
      return step.scan ?? [];
    });
  };
  it('a suffix ends the scan, Enter or not', () => {
    expect(scans('SF14288#SF14289#', 5, { prefix: '', suffix: '#' })).toEqual(['SF14288', 'SF14289']);
  });
  it('a prefix is taken off, and what came before it', () => {
    const { state } = [...'xx~AB12'].reduce(
      (step, key, at) => feed(step.state, key, 1_000 + at * 5, { prefix: '~', suffix: '' }),
      { state: idle } as ReturnType<typeof feed>,
    );
    expect(feed(state, 'Enter', 1_040, { prefix: '~', suffix: '' }).scan).toBe('AB12');
  });
  it('without its prefix a scan is a scan all the same', () => {
    expect(scans('SF14288#', 5, { prefix: '~', suffix: '#' })).toEqual(['SF14288']);
  });
  it('a person who types the suffix has not scanned', () => {
    expect(scans('SF14288#', 150, { prefix: '', suffix: '#' })).toEqual([]);
  });
});
