import { describe, expect, it } from 'vitest';
import {
  countQueues,
  drawnRows,
  isLate,
  moved,
  ranged,
  scrollFor,
  shownRows,
  type Filter,
} from '../../../pwa/dispatch/board/model';
import { BEI, HOUR, LIANG, NOON, task } from './rows';

const ALL: Filter = { queue: 'all', q: '', status: '', courier: '', kind: '' };
const ORDER = { sort: 'attention', desc: false } as const;
const NONE = new Set<string>();

const rows = [
  task('1', { status: 'delivered' }),
  task('2', { courier: null }),
  task('3', { status: 'attempt_failed' }),
  task('4', { courier: BEI, window_end: NOON + 5 * HOUR, kind: 'pickup' }),
  task('5', { status: 'delivered', conflict: 'case' }),
  task('6', { courier: null, status: 'cancelled' }),
  task('7', { window_end: NOON - HOUR }),
];

function ids(filter: Partial<Filter>, order: Parameters<typeof shownRows>[2] = ORDER, found = NONE): string[] {
  return shownRows(rows, { ...ALL, ...filter }, order, NOON, found).map((row) => row.id);
}

describe('queues', () => {
  it('count what they show', () => {
    const counts = countQueues(rows);
    expect(counts).toEqual({ all: 7, unassigned: 1, exceptions: 1, left: 4, done: 2 });
    for (const queue of ['all', 'unassigned', 'exceptions', 'left', 'done'] as const) {
      expect(ids({ queue })).toHaveLength(counts[queue]);
    }
  });

  it('a cancelled task without a courier waits for nobody', () => {
    expect(ids({ queue: 'unassigned' })).toEqual(['2']);
  });
});

describe('the order of attention', () => {
  it('conflicts, unassigned, failed, late, open by window, then what is done', () => {
    expect(ids({})).toEqual(['5', '2', '3', '7', '4', '1', '6']);
  });

  it('a task is late only while something is left to do', () => {
    expect(isLate(task('a', { window_end: NOON - 1 }), NOON)).toBe(true);
    expect(isLate(task('a', { window_end: NOON - 1, status: 'delivered' }), NOON)).toBe(false);
    expect(isLate(task('a', { window_end: NOON }), NOON)).toBe(false);
    expect(isLate(task('a', { window_end: null }), NOON)).toBe(false);
  });
});

describe('filter', () => {
  it('finds a waybill typed with spaces, hyphens and small letters', () => {
    expect(ids({ q: 'sf 0000-0000 04' })).toEqual(['4']);
  });

  it('finds masked text here and clear text through the ids the server found', () => {
    expect(ids({ q: '示例小区' })).toHaveLength(7);
    expect(ids({ q: '13812345678' })).toEqual([]);
    expect(ids({ q: '13812345678' }, ORDER, new Set(['3']))).toEqual(['3']);
  });

  it('filters join', () => {
    expect(ids({ courier: BEI.id, kind: 'pickup' })).toEqual(['4']);
    expect(ids({ courier: LIANG.id, kind: 'pickup' })).toEqual([]);
    expect(ids({ status: 'cancelled' })).toEqual(['6']);
  });

  it('sorts by a column both ways and never changes the rows it was given', () => {
    const before = rows.map((row) => row.id);
    expect(ids({}, { sort: 'waybill', desc: true })).toEqual(['7', '6', '5', '4', '3', '2', '1']);
    expect(ids({}, { sort: 'window', desc: true })[0]).toBe('4');
    expect(rows.map((row) => row.id)).toEqual(before);
  });
});

describe('drawn rows', () => {
  it('are those in sight and a few more, whatever the number of rows', () => {
    for (const top of [0, 36 * 100, 36 * 4990]) {
      const drawn = drawnRows(5000, 36, top, 720);
      expect(drawn.to - drawn.from).toBeLessThanOrEqual(46);
      expect(drawn.from * 36).toBeLessThanOrEqual(top);
      expect(Math.min(5000, drawn.to) * 36).toBeGreaterThanOrEqual(Math.min(5000 * 36, top + 720));
      expect(drawn.before + (drawn.to - drawn.from) * 36 + drawn.after).toBe(5000 * 36);
    }
  });

  it('stand an empty list, a list that shrank under the scroll, and a scroll beyond the edge', () => {
    expect(drawnRows(0, 36, 0, 700)).toEqual({ from: 0, to: 0, before: 0, after: 0 });
    const shrunk = drawnRows(3, 36, 9000, 700);
    expect(shrunk.from).toBeLessThan(3);
    expect(shrunk.to).toBe(3);
    expect(drawnRows(10, 36, -50, 700).from).toBe(0);
  });

  it('scroll just far enough to show the cursor', () => {
    expect(scrollFor(0, 36, 100, 360)).toBe(0);
    expect(scrollFor(5, 36, 100, 360)).toBe(100);
    expect(scrollFor(20, 36, 100, 360)).toBe(21 * 36 - 360);
  });
});

describe('cursor and selection', () => {
  const list = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));

  it('moves, stops at the edges, and starts again when its row left the list', () => {
    expect(moved(list, 'b', 1)).toBe('c');
    expect(moved(list, 'e', 1)).toBe('e');
    expect(moved(list, 'a', -15)).toBe('a');
    expect(moved(list, 'gone', 1)).toBe('a');
    expect(moved(list, '', -1)).toBe('e');
    expect(moved(list, '', Number.MAX_SAFE_INTEGER)).toBe('e');
    expect(moved(list, 'c', Number.MIN_SAFE_INTEGER)).toBe('a');
    expect(moved([], 'a', 1)).toBe('');
  });

  it('takes a range in either direction', () => {
    expect([...ranged(list, new Set(['b']), 'b', 'd')].sort()).toEqual(['b', 'c', 'd']);
    expect([...ranged(list, new Set(['d']), 'd', 'b')].sort()).toEqual(['b', 'c', 'd']);
  });

  it('takes one row when the range has lost its start', () => {
    expect([...ranged(list, new Set(), 'gone', 'd')]).toEqual(['d']);
  });
});
