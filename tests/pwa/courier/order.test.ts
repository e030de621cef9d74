import { describe, expect, it } from 'vitest';
import { arranged, idsOf, movable, moved } from '../../../pwa/courier/order/model';
import { aDay } from '../preview/fixtures';
import { withOutcome } from './cases';

describe("the courier's own order", () => {
  const day = aDay();
  const waybills = (tasks: typeof day): string[] => tasks.map((view) => view.parcel.waybill.slice(-4));

  it('is the plan as long as nobody moved anything', () => {
    expect(arranged(day, null)).toEqual(day);
  });
  it('moves a whole stop, all parcels of one door together', () => {
    const stops = movable(day);
    expect(stops[0]?.tasks).toHaveLength(2);
    const own = idsOf(day, moved(stops, 0, 2));
    expect(waybills(arranged(day, own)).slice(0, 4)).toEqual([
      '0385',
      waybills([stops[2]!.tasks[0]!])[0],
      '9012',
      '9020',
    ]);
  });
  it('holds across pulls: what is done leaves, what is new goes behind the stop it follows in the plan', () => {
    const [first, ...others] = movable(day.slice(0, -1));
    const own = idsOf(day.slice(0, -1), [...others, first!]);
    const pulled = day.map((view, at) => (at === 2 ? withOutcome(view, 'delivered') : view));
    const after = arranged(pulled, own);
    expect(after).toHaveLength(day.length);
    expect(waybills(after).slice(-2)).toEqual(['9012', '9020']);
    const late = day[day.length - 1]!;
    const before = day[day.length - 2]!;
    expect(after.indexOf(late)).toBe(after.indexOf(before) + 1);
  });
  it('puts a new parcel for a known door to that door', () => {
    const own = idsOf([day[2]!, day[0]!], movable([day[2]!, day[0]!]));
    expect(waybills(arranged(day.slice(0, 3), own))).toEqual(['0385', '9012', '9020']);
  });
  it('never moves beyond the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 0, Infinity)).toEqual(['b', 'c', 'a']);
  });
});
