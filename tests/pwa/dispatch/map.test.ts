import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  gathered,
  gridStep,
  inSight,
  mercator,
  metresPerPixel,
  MOST_SPOTS,
  patched,
  projected,
  tonesOf,
  under,
} from '../../../pwa/dispatch/map/model';
import { found, isWaybill, score, type Action } from '../../../pwa/dispatch/palette/model';
import { GLYPHS } from '../../../pwa/dispatch/parts/glyphs';
import type { MapStop } from '../../../pwa/dispatch/types';

function stop(n: number, over: Partial<MapStop> = {}): MapStop {
  return {
    task: `t${n}`,
    lat_e7: 302_400_000 + (n % 250) * 2_000,
    lng_e7: 1_201_300_000 + Math.floor(n / 250) * 2_000,
    status: n % 5 === 0 ? 'attempt_failed' : 'delivered',
    kind: 'delivery',
    courier: null,
    sequence: null,
    ...over,
  };
}

function sightOf(stops: readonly MapStop[], zoom: number) {
  const points = projected(stops);
  const scale = 256 * 2 ** zoom;
  return {
    points,
    sight: {
      scale,
      left: (points.x[0] ?? 0) * scale - 20,
      top: (points.y[249] ?? points.y[0] ?? 0) * scale - 20,
      width: 900,
      height: 700,
    },
  };
}

describe('the map', () => {
  it('projects as every map of the web does', () => {
    expect(mercator(0, 0)).toEqual({ x: 0.5, y: 0.5 });
    expect(mercator(85.0511, 180).x).toBe(1);
    expect(Math.abs(mercator(85.0511, 0).y)).toBeLessThan(1e-4);
  });

  it('gathers 50,000 stops into marks that together count them all, fast', () => {
    const stops = Array.from({ length: 50_000 }, (_, n) => stop(n));
    const { points, sight } = sightOf(stops, 12);
    const begun = performance.now();
    const spots = inSight(points, sight, () => true);
    const marks = gathered(spots, sight);
    expect(performance.now() - begun).toBeLessThan(500);
    expect(marks.length).toBeLessThan(MOST_SPOTS);
    expect(marks.reduce((sum, mark) => sum + mark.stops.length, 0)).toBe(spots.length);
    expect(spots.length).toBe(50_000);
  });

  it('draws each of a few, hides what the filter leaves out, and finds what is under the pointer', () => {
    const { points, sight } = sightOf([stop(0), stop(249)], 15);
    const spots = gathered(
      inSight(points, sight, (one) => one.task !== 't249'),
      sight,
    );
    expect(spots).toHaveLength(1);
    const spot = spots[0];
    if (spot === undefined) throw new Error('no spot');
    expect(under(spots, spot.x + 5, spot.y - 5)).toBe(spot);
    expect(under(spots, spot.x + 40, spot.y)).toBeNull();
    expect(tonesOf(spot, points)).toEqual([['warn', 1]]);
  });

  it('draws a grid of round metres', () => {
    expect(gridStep(1, 72)).toBe(100);
    expect(gridStep(4, 72)).toBe(500);
    expect(gridStep(20, 72)).toBe(2_000);
    expect(metresPerPixel(256, 0)).toBeCloseTo(156_543, 0);
  });

  it('bounds what there is, and nothing when there is nothing', () => {
    expect(boundsOf([])).toBeNull();
    expect(boundsOf([stop(0), stop(1)])).toEqual([
      [30.24, 120.13],
      [30.2402, 120.13],
    ]);
  });

  it('takes news of stops it knows and leaves the others alone', () => {
    const stops = [stop(0), stop(1)];
    const [first, second] = patched(stops, [{ id: 't1', status: 'held', courier: { id: 'bei' }, sequence: 4 }]);
    expect(first).toBe(stops[0]);
    expect(second).toMatchObject({ status: 'held', courier: 'bei', sequence: 4 });
  });

  it('gives every status a shape of its own', () => {
    const shapes = Object.values(GLYPHS).map((glyph) =>
      JSON.stringify([glyph.line, glyph.full, glyph.cut, glyph.dash]),
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('the palette', () => {
  const action = (name: string, group = 'x'): Action => ({ id: name, name, group, run: () => undefined });

  it('finds by the start, by a word, by letters in order, and by the kind of thing', () => {
    const actions = [action('Unassigned', 'Queues'), action('Assign'), action('Map'), action('阿良', 'Couriers')];
    expect(found(actions, 'ass', 9).map((one) => one.name)).toEqual(['Assign', 'Unassigned']);
    expect(found(actions, '良', 9).map((one) => one.name)).toEqual(['阿良']);
    expect(found(actions, 'couriers', 9).map((one) => one.name)).toEqual(['阿良']);
    expect(found(actions, 'ugd', 9).map((one) => one.name)).toEqual(['Unassigned']);
    expect(found(actions, 'zzz', 9)).toEqual([]);
    expect(found(actions, '', 2)).toHaveLength(2);
    expect(score('Go to map', 'map')).toBe(4);
  });

  it('knows a waybill from a command', () => {
    expect(isWaybill('SF 1400 0000 001')).toBe(true);
    expect(isWaybill('assign')).toBe(false);
    expect(isWaybill('12')).toBe(false);
  });
});
