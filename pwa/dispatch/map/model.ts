/** Stops on a map: projected once, gathered into clusters where they are dense. Pure; screen distances in px. */
import { GLYPHS, type Tone } from '../parts/glyphs';
import { mercator, type Corners } from '../../ui/map/geometry';
import type { MapStop } from '../types';

export { mercator };

const E7 = 1e7;

export interface Points {
  stops: readonly MapStop[];
  x: Float64Array;
  y: Float64Array;
}

export function projected(stops: readonly MapStop[]): Points {
  const x = new Float64Array(stops.length);
  const y = new Float64Array(stops.length);
  stops.forEach((stop, at) => {
    const point = mercator(stop.lat_e7 / E7, stop.lng_e7 / E7);
    x[at] = point.x;
    y[at] = point.y;
  });
  return { stops, x, y };
}

/** What is on the screen: `scale` px a world, `left` and `top` the world's px at the upper left corner. */
export interface Sight {
  scale: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Spot {
  x: number;
  y: number;
  /** Places in `Points.stops`. */
  stops: number[];
}

/** Room beyond the edges in which marks are still drawn, px. */
const EDGE = 20;

/** The stops in sight that `keep` lets through, each with its place on the screen. */
export function inSight(points: Points, sight: Sight, keep: (stop: MapStop) => boolean): Spot[] {
  const spots: Spot[] = [];
  for (let at = 0; at < points.stops.length; at += 1) {
    const x = (points.x[at] ?? 0) * sight.scale - sight.left;
    const y = (points.y[at] ?? 0) * sight.scale - sight.top;
    if (x < -EDGE || y < -EDGE || x > sight.width + EDGE || y > sight.height + EDGE) continue;
    const stop = points.stops[at];
    if (stop !== undefined && keep(stop)) spots.push({ x, y, stops: [at] });
  }
  return spots;
}

/** More marks than this are gathered. */
export const MOST_SPOTS = 600;
/** Side of the square whose stops become one mark, px. */
const CELL = 56;

/**
 * Gather spots of one square, placed at their middle. Squares are counted from the world's corner, not the screen's, so
 * that clusters do not jump while the map is moved.
 */
export function gathered(spots: readonly Spot[], sight: Pick<Sight, 'left' | 'top'>): Spot[] {
  if (spots.length <= MOST_SPOTS) return [...spots];
  const cells = new Map<string, Spot>();
  for (const spot of spots) {
    const key = `${Math.floor((spot.x + sight.left) / CELL)}:${Math.floor((spot.y + sight.top) / CELL)}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { ...spot, stops: [...spot.stops] });
    else {
      cell.x += (spot.x - cell.x) / (cell.stops.length + 1);
      cell.y += (spot.y - cell.y) / (cell.stops.length + 1);
      cell.stops.push(...spot.stops);
    }
  }
  return [...cells.values()];
}

/** Radius of a cluster's mark, px: what a finger can hit, growing slowly. */
export function radiusOf(count: number): number {
  return Math.min(26, 13 + Math.log10(count) * 4);
}

export function tonesOf(spot: Spot, points: Points): [Tone, number][] {
  const sums = new Map<Tone, number>();
  for (const at of spot.stops) {
    const stop = points.stops[at];
    if (stop === undefined) continue;
    const { tone } = GLYPHS[stop.status];
    sums.set(tone, (sums.get(tone) ?? 0) + 1);
  }
  const order: readonly Tone[] = ['warn', 'accent', 'quiet', 'good'];
  return order.flatMap((tone): [Tone, number][] => {
    const sum = sums.get(tone);
    return sum === undefined ? [] : [[tone, sum]];
  });
}

/** The spot under the pointer; the one drawn last wins. */
export function under(spots: readonly Spot[], x: number, y: number): Spot | null {
  for (let at = spots.length - 1; at >= 0; at -= 1) {
    const spot = spots[at];
    if (spot === undefined) continue;
    const reach = spot.stops.length === 1 ? 14 : radiusOf(spot.stops.length);
    if ((spot.x - x) ** 2 + (spot.y - y) ** 2 <= reach ** 2) return spot;
  }
  return null;
}

const EQUATOR_M = 40_075_016.7;

/** Metres of one px at a latitude. */
export function metresPerPixel(scale: number, lat: number): number {
  return (EQUATOR_M * Math.cos((lat * Math.PI) / 180)) / scale;
}

/** A round number of metres whose lines stand at least `least` px apart: 100, 200, 500, 1000 … */
export function gridStep(metres: number, least: number): number {
  const wanted = metres * least;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, wanted)));
  const factor = [1, 2, 5, 10].find((one) => one * power >= wanted) ?? 10;
  return factor * power;
}

/** Bounds of what is to be seen; null when there is nothing. */
export function boundsOf(places: Iterable<{ lat_e7: number; lng_e7: number }>): Corners | null {
  let south = Infinity;
  let west = Infinity;
  let north = -Infinity;
  let east = -Infinity;
  for (const { lat_e7: lat, lng_e7: lng } of places) {
    south = Math.min(south, lat / E7);
    north = Math.max(north, lat / E7);
    west = Math.min(west, lng / E7);
    east = Math.max(east, lng / E7);
  }
  if (south > north) return null;
  return [
    [south, west],
    [north, east],
  ];
}

/** Stops as rows of the table now say they are; null = a row the map does not know: it has to be read as a whole. */
export function patched(
  stops: readonly MapStop[],
  rows: readonly { id: string; status: MapStop['status']; courier: { id: string } | null; sequence: number | null }[],
): MapStop[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return stops.map((stop) => {
    const row = found.get(stop.task);
    if (row === undefined) return stop;
    return { ...stop, status: row.status, courier: row.courier?.id ?? null, sequence: row.sequence };
  });
}
