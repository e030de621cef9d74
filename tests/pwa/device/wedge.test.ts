import { describe, expect, it } from 'vitest';
import { feed, idle, type WedgeState } from '../../../pwa/device/wedge';

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
    const after = feed({ text: 'SF142880', last: 100, gaps: [5, 5] }, 'Enter', 105);
    expect(after).toEqual({ state: idle, scan: 'SF142880' });
  });
});
