import { describe, expect, it } from 'vitest';
import { sheetOf, wayOf } from '../../../pwa/courier/map/model';
import { aDay } from '../preview/fixtures';
import { cancelled, withOutcome } from './cases';

const placed = aDay().map((view, at) => {
  if (at === 4) return view;
  const door = at === 1 ? 0 : at;
  const place = { lat_e7: 302_500_000 + door * 10_000, lng_e7: 1_201_500_000 };
  return { ...view, task: { ...view.task, address: { ...view.task.address, ...place } } };
});

describe('the map of the day', () => {
  it('draws one place a door, the next one first, and lists what has none', () => {
    const { places, nowhere } = sheetOf(placed);
    expect(places[0]).toMatchObject({ state: 'next', lat: 30.25, lng: 120.15, label: '1' });
    expect(places[0]?.tasks).toHaveLength(2);
    expect(nowhere.map((stop) => stop.tasks[0]?.task.id)).toEqual([placed[4]?.task.id]);
  });
  it('leads through what is left alone', () => {
    const worked = placed.map((view, at) =>
      at === 2 ? withOutcome(view, 'delivered') : at === 3 ? cancelled(view) : view,
    );
    const { places } = sheetOf(worked);
    expect(places.filter(({ state }) => state === 'done')).toHaveLength(1);
    expect(places.filter(({ state }) => state === 'problem')).toHaveLength(1);
    expect(wayOf(places)).toHaveLength(places.length - 2);
  });
  it('does not list what is done and has no place', () => {
    const { nowhere } = sheetOf(placed.map((view, at) => (at === 4 ? withOutcome(view, 'delivered') : view)));
    expect(nowhere).toEqual([]);
  });
});
