import { describe, expect, it, vi } from 'vitest';
import type { Tools } from '../../../../pwa/dispatch/context';
import { release } from '../../../../pwa/dispatch/devices/actions';
import { differencesOf, fitting, otherBuild, shiftOf } from '../../../../pwa/dispatch/devices/proof';
import type { DeviceRow } from '../../../../pwa/dispatch/types';
import { device, HOUR, LIANG, NOON } from '../rows';

const BUILD = '1.0.0+abc';
const kinds = (row: DeviceRow): string[] => differencesOf(row, NOON).map(({ kind }) => kind);
const shift = (over: Partial<NonNullable<DeviceRow['shift']>> = {}): NonNullable<DeviceRow['shift']> => ({
  id: 's',
  status: 'open',
  started_at: NOON - 4 * HOUR,
  closed_at: null,
  here: true,
  told: null,
  ...over,
});

describe('what differs of a handheld', () => {
  it('P32 is nothing when the server has all it recorded', () => {
    const row = device('a', { recorded: 214, confirmed: 214, waiting: 0, last_heard: NOON - HOUR, app: BUILD });
    expect(kinds(row)).toEqual([]);
  });

  it('P32 names what is lost with its case, before all else', () => {
    const row = device('a', { lost: 3, lost_case: 'c', refused: 1, last_heard: NOON });
    expect(differencesOf(row, NOON)).toEqual([
      { kind: 'lost', n: 3, conflict: 'c' },
      { kind: 'refused', n: 1 },
    ]);
  });

  it('P32 names counts of a closed shift that are not those of the server', () => {
    const told = { recorded: 5, confirmed: 5, waiting: 0 };
    const closed = shift({ status: 'closed', closed_at: NOON, told });
    expect(kinds(device('a', { shift: closed, recorded: 5, confirmed: 5 }))).toEqual([]);
    expect(kinds(device('a', { shift: closed, recorded: 4, confirmed: 4 }))).toEqual(['told']);
    const late = shift({ status: 'closed', told: { recorded: 5, confirmed: 3, waiting: 2 } });
    expect(kinds(device('a', { shift: late, recorded: 5, confirmed: 5 }))).toEqual([]);
    expect(kinds(device('a', { shift: late, recorded: 5, confirmed: 4 }))).toEqual(['told']);
  });

  it('P32 what waits is no difference while the handheld is heard of', () => {
    const waiting = (ago: number) => device('a', { waiting: 3, last_heard: NOON - ago });
    expect(kinds(waiting(HOUR / 6))).toEqual([]);
    expect(differencesOf(waiting(HOUR), NOON)).toEqual([{ kind: 'silent', n: 3, age: HOUR }]);
  });

  it('P34 tells what can still count from what stays in quarantine', () => {
    const gone = (over: Partial<DeviceRow>) => device('a', { state: 'drained', refused: 4, ...over });
    expect(kinds(gone({ releasable: 4 }))).toEqual(['releasable']);
    expect(kinds(gone({ releasable: 3 }))).toEqual(['releasable', 'refused']);
    // Long ago: not among what the last days refused, and still waiting for somebody.
    expect(kinds(gone({ releasable: 9 }))).toEqual(['releasable']);
  });

  it('P35 a clock is told when it is off by more than five minutes, and which way', () => {
    const off = (skew_ms: number) => kinds(device('a', { skew_ms, last_heard: NOON }));
    expect(off(5 * 60_000)).toEqual([]);
    expect(off(5 * 60_000 + 1)).toEqual(['skew_slow']);
    expect(off(-HOUR)).toEqual(['skew_fast']);
  });

  it('another version of the app is good to know and nobody has to act', () => {
    const row = device('a', { app: '0.9.0+old', last_heard: NOON });
    expect([otherBuild(row, BUILD), kinds(row)]).toEqual([true, []]);
    expect(otherBuild({ ...row, app: BUILD }, BUILD)).toBe(false);
    expect(otherBuild({ ...row, app: null }, BUILD)).toBe(false);
    expect(otherBuild({ ...row, state: 'wiped' }, BUILD)).toBe(false);
  });

  it('says of a shift where it began', () => {
    expect(shiftOf(device('a'))).toEqual({ key: 'none', at: 0 });
    expect(shiftOf(device('a', { shift: shift() }))).toEqual({ key: 'open', at: NOON - 4 * HOUR });
    expect(shiftOf(device('a', { shift: shift({ here: false }) })).key).toBe('elsewhere');
    expect(shiftOf(device('a', { shift: shift({ status: 'closed', closed_at: NOON }) }))).toEqual({
      key: 'closed',
      at: NOON,
    });
  });

  it('finds by courier, name and app', () => {
    const rows = [
      device('a', { label: 'K7', user: LIANG }),
      device('b', { user: { id: 'bei', name: 'Bei' }, app: 'x1' }),
    ];
    const found = (text: string) => fitting(rows, text).map(({ id }) => id);
    expect([found(''), found(' k7 '), found('阿'), found('BEI'), found('x1'), found('zz')]).toEqual([
      ['a', 'b'],
      ['a'],
      ['a'],
      ['b'],
      ['b'],
      [],
    ]);
  });
});

describe('letting count', () => {
  const asked = (...answers: (object | Error)[]) => {
    const send = vi.fn(() => {
      const next = answers.shift();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    });
    const look = vi.fn();
    return { tools: { door: { send }, look } as unknown as Tools, send, look };
  };

  it('P34 goes on until nothing is left, and tells of each part', async () => {
    const { tools, send, look } = asked({ released: 199, refused: 1, left: 30 }, { released: 30, refused: 0, left: 0 });
    const told: object[] = [];
    await release(tools, 'd/1', 'checked', (sofar) => told.push(sofar));
    expect(told).toEqual([
      { released: 199, refused: 1 },
      { released: 229, refused: 1 },
    ]);
    expect(send).toHaveBeenCalledTimes(2);
    expect(send).toHaveBeenCalledWith('POST', '/api/v1/devices/d%2F1/release', { reason: 'checked' });
    expect(look).toHaveBeenCalledOnce();
  });

  it('P34 stops where nothing moves, and looks again after a failure too', async () => {
    const stuck = asked({ released: 0, refused: 0, left: 5 });
    await release(stuck.tools, 'd', 'x', () => undefined);
    expect(stuck.send).toHaveBeenCalledOnce();
    const failing = asked({ released: 5, refused: 0, left: 5 }, new Error('offline'));
    await expect(release(failing.tools, 'd', 'x', () => undefined)).rejects.toThrow('offline');
    expect(failing.look).toHaveBeenCalledOnce();
  });
});
