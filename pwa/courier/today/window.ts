/** Of a long day only what is near the thumb is drawn: which parts of the list these are, and how much room the others take. Pure. */
import type { TaskView } from '../../engine';
import type { Stop } from './model';

/** A stop, or some rows of one where very many parcels go to one door. */
export interface Part {
  key: string;
  stop: Stop;
  rows: TaskView[];
  /** It says the door, the parts after it go on. */
  first: boolean;
}

export interface Seen {
  /** Of the parts. */
  from: number;
  to: number;
  /** Room of what is not drawn, px. */
  above: number;
  below: number;
}

/** Rows of one part at most. */
const MOST = 4;
/** What a row, a stop's head and the gap before it mostly take, px. */
const ROW = 74;
const HEAD = 56;
const GAP = 8;

export function parts(stops: readonly Stop[]): Part[] {
  return stops.flatMap((stop) => {
    const count = Math.ceil(stop.tasks.length / MOST);
    return Array.from({ length: count }, (_, at) => ({
      key: at === 0 ? stop.key : `${stop.key}\n${at}`,
      stop,
      rows: stop.tasks.slice(at * MOST, (at + 1) * MOST),
      first: at === 0,
    }));
  });
}

/** The room of a part nobody has drawn yet. */
export function guess({ rows, stop, first }: Part): number {
  return rows.length * ROW + (first ? GAP : 0) + (first && stop.tasks.length > 1 ? HEAD : 0);
}

/** The parts that touch what is between `top` and `bottom`, px from the list's beginning. */
export function seen(heights: readonly number[], top: number, bottom: number): Seen {
  let [from, to, above, all] = [0, 0, 0, 0];
  heights.forEach((height, at) => {
    if (all + height <= top) [from, above] = [at + 1, all + height];
    if (all < bottom) to = at + 1;
    all += height;
  });
  // Beyond the end, after a filter has made it short: the last part stays.
  if (from >= heights.length && from > 0) [from, above] = [from - 1, all - (heights.at(-1) ?? 0)];
  const drawn = heights.slice(from, to).reduce((sum, height) => sum + height, 0);
  return { from, to: Math.max(to, from), above, below: Math.max(0, all - above - drawn) };
}
