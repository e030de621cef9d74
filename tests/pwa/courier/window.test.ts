import { describe, expect, it } from 'vitest';

import { stops } from '../../../pwa/courier/today/model';
import { guess, parts, seen } from '../../../pwa/courier/today/window';
import { aDay } from '../preview/fixtures';

const day = aDay();
const atOneDoor = (count: number): ReturnType<typeof stops> =>
  stops(
    Array.from({ length: count }, (_, at) => {
      const view = day[0]!;
      return { ...view, task: { ...view.task, id: `t${at}` } };
    }),
    'left',
    '',
  );

describe('a list of which only a part is drawn', () => {
  it('keeps every row once and in order, however many go to one door', () => {
    const [stop] = atOneDoor(11);
    const made = parts([stop!]);
    expect(made.flatMap((part) => part.rows.map((view) => view.task.id))).toEqual(
      stop!.tasks.map((view) => view.task.id),
    );
    expect(made.map((part) => part.rows.length)).toEqual([4, 4, 3]);
    expect(made.map((part) => part.first)).toEqual([true, false, false]);
    expect(new Set(made.map((part) => part.key)).size).toBe(3);
    expect(guess(made[0]!)).toBeGreaterThan(guess(made[1]!));
  });
  it('is nothing where there is nothing', () => {
    expect(parts([])).toEqual([]);
    expect(seen([], 0, 800)).toEqual({ from: 0, to: 0, above: 0, below: 0 });
  });
  it('draws what touches the screen, and is always as high as all of it', () => {
    const heights = [100, 50, 200, 80, 120];
    expect(seen(heights, 0, 100)).toEqual({ from: 0, to: 1, above: 0, below: 450 });
    expect(seen(heights, 100, 151)).toEqual({ from: 1, to: 3, above: 100, below: 200 });
    for (let top = 0; top < 600; top += 7) {
      const { from, to, above, below } = seen(heights, top, top + 90);
      const drawn = heights.slice(from, to).reduce((sum, height) => sum + height, 0);
      expect(above + drawn + below).toBe(550);
      expect(to).toBeGreaterThan(from);
    }
  });
});
