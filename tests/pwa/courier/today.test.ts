import { describe, expect, it } from 'vitest';
import { count, dayAhead, next, startShift, stopped, stops, together, toLoad } from '../../../pwa/courier/today/model';
import { aDay, aHugeDay, STATION, WHEN } from '../preview/fixtures';
import { cancelled, withOutcome } from './cases';

const waybills = (found: ReturnType<typeof stops>): string[][] =>
  found.map((stop) => stop.tasks.map((view) => view.parcel.waybill.slice(-4)));

describe('the list of the day', () => {
  const day = aDay();

  it('starts with the first of the route', () => {
    expect(next(day)?.parcel.waybill).toBe('SF1428805599012');
    expect(next([])).toBeNull();
  });
  it('goes on to the next when the first is done', () => {
    const done = day.map((view, at) => (at === 0 ? withOutcome(view, 'delivered') : view));
    expect(next(done)?.parcel.waybill).toBe('SF1428805599020');
  });
  it('sets tasks at one address together', () => {
    expect(waybills(stops(day, 'left', ''))[0]).toEqual(['9012', '9020']);
    const [first] = day;
    expect(first && together(day, first)).toHaveLength(1);
  });
  it('counts what is left, done, in trouble and to pick up', () => {
    const worked = day.map((view, at) =>
      at === 0
        ? withOutcome(view, 'delivered')
        : at === 2
          ? withOutcome(view, 'attempt_failed')
          : at === 3
            ? cancelled(view)
            : view,
    );
    expect(count(worked)).toEqual({ total: 9, left: 6, done: 1, problems: 2, pickups: 2 });
    expect(stopped(worked)).toHaveLength(1);
  });
  it('never offers a cancelled task as the next stop', () => {
    expect(next(day.map((view, at) => (at === 0 ? cancelled(view) : view)))?.parcel.waybill).toBe('SF1428805599020');
  });
  it('shows what needs the courier among the problems, whatever its status', () => {
    const disputed = day.map((view, at) =>
      at === 0 ? { ...withOutcome(view, 'delivered'), state: 'needs_you' as const } : view,
    );
    expect(waybills(stops(disputed, 'problems', ''))).toEqual([['9012']]);
  });
});

describe('search looks through the whole day', () => {
  const day = aDay().map((view, at) => (at === 0 ? withOutcome(view, 'delivered') : view));
  it.each([
    ['9012', '9012'],
    ['5599 012', '9012'],
    ['applegate', '0385'],
    ['广顺', '0741'],
    ['12号楼1单元902', '1777'],
    ['sf1428805601444', '1444'],
  ])('%s finds …%s, done or not', (query, tail) => {
    expect(waybills(stops(day, 'left', query)).flat()).toEqual([tail]);
  });
  it('finds nothing for nonsense and keeps the filter for blanks', () => {
    expect(stops(day, 'left', 'zzz')).toEqual([]);
    expect(stops(day, 'left', '  ').flatMap((stop) => stop.tasks)).toHaveLength(8);
  });
  it('is quick with four hundred tasks', () => {
    expect(stops(aHugeDay(), 'left', '望京第199区').flatMap((stop) => stop.tasks).length).toBeGreaterThan(0);
  });
});

describe('loading and leaving', () => {
  const day = aDay('assigned');
  it('loads deliveries that are still at the station, never pickups', () => {
    const load = toLoad(day);
    expect(load.tasks).toHaveLength(7);
    expect(load.scanned).toBe(0);
  });
  it('leaves a cancelled parcel behind', () => {
    expect(toLoad(day.map((view, at) => (at === 0 ? cancelled(view) : view))).tasks).toHaveLength(6);
  });
  it('says what the day holds', () => {
    expect(dayAhead(day, WHEN)).toEqual({ deliveries: 7, pickups: 2, cod: 368_850, requests: 5 });
  });
  it('starts a shift with what is left', () => {
    expect(startShift('s', STATION, day)).toEqual([
      { type: 'shift.started', entity: 'shift:s', payload: { station: STATION, tasks: 9 } },
    ]);
  });
});
