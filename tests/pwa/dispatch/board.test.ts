import { describe, expect, it } from 'vitest';
import { drawnRows, isLate, moved, movedIndex, scrollFor } from '../../../pwa/dispatch/board/model';
import { PAGE, Pages } from '../../../pwa/dispatch/board/pages';
import { TaskTable } from '../../../pwa/dispatch/board/rows.svelte';
import { all, newest, NOTHING_CHOSEN, pick, ranged, toggled, without } from '../../../pwa/dispatch/board/selection';
import type { TaskRow, TasksAnswer } from '../../../pwa/dispatch/types';
import { NOON, task } from './rows';

describe('a task', () => {
  it('is late only while something is left to do', () => {
    expect(isLate(task('a', { window_end: NOON - 1 }), NOON)).toBe(true);
    expect(isLate(task('a', { window_end: NOON - 1, status: 'delivered' }), NOON)).toBe(false);
    expect(isLate(task('a', { window_end: NOON }), NOON)).toBe(false);
    expect(isLate(task('a', { window_end: null }), NOON)).toBe(false);
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

describe('the cursor', () => {
  const list = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));

  it('moves, stops at the edges, and starts again when its row left the list', () => {
    expect(moved(list, 'b', 1)).toBe('c');
    expect(moved(list, 'e', 1)).toBe('e');
    expect(moved(list, 'gone', 1)).toBe('a');
    expect(moved(list, '', -1)).toBe('e');
    expect(moved(list, 'c', Number.MIN_SAFE_INTEGER)).toBe('a');
    expect(moved([], 'a', 1)).toBe('');
    expect(movedIndex(50_000, 3, Number.MAX_SAFE_INTEGER)).toBe(49_999);
    expect(movedIndex(50_000, -1, -1)).toBe(49_999);
  });
});

describe('the selection', () => {
  const rows = [task('1'), task('2', { courier: null }), task('3')];

  it('takes one row or many, and knows of each what a deed needs', () => {
    const one = toggled(NOTHING_CHOSEN, task('2', { courier: null, rev: 9 }));
    expect([...one.values()]).toEqual([{ id: '2', rev: 9, status: 'created', courier: null, waybill: 'SF0000000002' }]);
    expect(toggled(one, task('2')).size).toBe(0);
    expect([...ranged(one, rows, true).keys()]).toEqual(['2', '1', '3']);
    expect(ranged(ranged(one, rows, true), rows, false).size).toBe(0);
    expect([...without(ranged(one, rows, true), ['1', '3']).keys()]).toEqual(['2']);
  });

  it('holds also what no page holds, and takes the newer of two words', () => {
    const chosen = all([{ id: '7', rev: 2, status: 'assigned', courier: 'liang' }]);
    const known = chosen.get('7');
    if (known === undefined) throw new Error('not chosen');
    expect(known.waybill).toBeNull();
    expect(newest(known, null)).toBe(known);
    expect(newest(known, task('7', { rev: 3, status: 'delivered' })).status).toBe('delivered');
    expect(newest({ ...known, rev: 4 }, task('7', { rev: 3, status: 'delivered' })).status).toBe('assigned');
    expect(pick(task('7')).courier).toBe('liang');
  });
});

function page(number: number, size = PAGE): TaskRow[] {
  return Array.from({ length: size }, (_, n) => task(String(number * PAGE + n)));
}

describe('pages of a long list', () => {
  it('ask for what is in sight and not held, the middle first', () => {
    const pages = new Pages();
    expect(pages.wanted(0, 40)).toEqual([0]);
    pages.put(0, page(0), 50_000);
    expect(pages.wanted(0, 40)).toEqual([]);
    expect(pages.wanted(80, 140)).toEqual([1]);
    expect(pages.wanted(25_090, 25_150)).toEqual([251, 250]);
    expect(pages.wanted(49_990, 50_400)).toEqual([499]);
    expect(pages.slice(98, 102).map((row) => row?.id ?? null)).toEqual(['98', '99', null, null]);
    expect(pages.indexOf('7')).toBe(7);
    expect(pages.indexOf('700')).toBe(-1);
  });

  it('keep showing what may have changed, and ask for it again', () => {
    const pages = new Pages();
    pages.put(0, page(0), 150);
    pages.put(1, page(1, 50), 150);
    pages.spoil();
    expect(pages.row(0)?.id).toBe('0');
    expect(pages.wanted(0, 120)).toEqual([0, 1]);
    pages.put(0, page(0), 90);
    expect(pages.row(120)).toBeNull();
    expect(pages.total).toBe(90);
  });

  it('show the rows of the filter before until the first answer of the present one', () => {
    const pages = new Pages();
    pages.put(0, page(0), 200);
    pages.put(1, page(1), 200);
    pages.turn();
    expect(pages.settled).toBe(false);
    expect(pages.row(150)?.id).toBe('150');
    pages.put(0, [task('only')], 1);
    expect(pages.row(0)?.id).toBe('only');
    expect(pages.row(150)).toBeNull();
  });

  it('hold no more than a dispatcher scrolls through', () => {
    const pages = new Pages();
    for (let number = 0; number < 200; number += 1) pages.put(number, page(number), 50_000);
    expect(pages.slice(0, 20_000).filter((row) => row !== null)).toHaveLength(30 * PAGE);
    expect(pages.row(19_999)?.id).toBe('19999');
    expect(pages.row(0)).toBeNull();
  });
});

describe('the table', () => {
  function rig() {
    const asked: { query: string; offset: number; signal: AbortSignal; answer(total: number): void; fail(): void }[] =
      [];
    const table = new TaskTable(
      (query, offset, limit, signal) =>
        new Promise<TasksAnswer>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
          asked.push({
            query,
            offset,
            signal,
            answer: (total) => resolve({ tasks: page(offset / limit), total, as_of: NOON }),
            fail: () => reject(new Error('down')),
          });
        }),
    );
    return { table, asked };
  }
  const settle = () => new Promise((done) => setTimeout(done, 0));

  it('does not wait for pages that left the sight', async () => {
    const { table, asked } = rig();
    const shown = table.show('a');
    asked[0]?.answer(50_000);
    await shown;
    table.sight(10_000, 10_050);
    table.sight(30_000, 30_050);
    await settle();
    expect(asked.map((one) => [one.offset, one.signal.aborted])).toEqual([
      [0, false],
      [10_000, true],
      [30_000, false],
    ]);
    expect(table.failed).toBe(false);
  });

  it('never shows the answer of a filter that was left', async () => {
    const { table, asked } = rig();
    const first = table.show('slow');
    const second = table.show('quick');
    asked[1]?.answer(1);
    asked[0]?.answer(9);
    await Promise.all([first, second]);
    expect(table.total).toBe(1);
    expect(asked[0]?.signal.aborted).toBe(true);
  });

  it('asks for nothing before anybody has said which list it shows', async () => {
    const { table, asked } = rig();
    table.sight(0, 24);
    await settle();
    expect(asked).toHaveLength(0);
    void table.show('sort=window_end');
    expect(asked.map((one) => one.query)).toEqual(['sort=window_end']);
  });

  it('asks once for a list that is on its way, and says when it does not come', async () => {
    const { table, asked } = rig();
    const first = table.show('a');
    await table.show('a');
    expect(asked).toHaveLength(1);
    asked[0]?.fail();
    await expect(first).rejects.toThrow('down');
    expect(table.failed).toBe(true);
  });
});
