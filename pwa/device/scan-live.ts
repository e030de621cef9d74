/**
 * What a camera sees, picture after picture, made into scans. Pure: pictures and their times go in.
 *
 * A code is believed when it was read, a weak one (no check digit every reader verifies) when it was read twice the same. A code that
 * was taken is not taken again before it was out of sight for a while: a hand that holds a parcel still is not a second parcel.
 */
import { isWeak } from './decode/passes';
import type { Hit, Point } from './decode/protocol';

/** A weak code's second reading counts for so long, ms. */
export const TWICE_WITHIN = 1_500;
/** Out of sight for so long, a code is new again, ms. */
export const FORGOTTEN_AFTER = 2_000;

export interface Spot {
  text: string;
  corners: readonly Point[];
  /** Read, but not believed yet. */
  doubtful: boolean;
  /** Taken already and still in sight. */
  taken: boolean;
}

export interface LiveState {
  /** When a weak code was read first, and when a taken one was seen last; ms. */
  once: ReadonlyMap<string, number>;
  taken: ReadonlyMap<string, number>;
}

export interface LiveStep {
  state: LiveState;
  /** Everything in the picture, the nearest to its centre first. */
  spots: Spot[];
  /** Believed and not taken yet, the nearest to the centre first. */
  fresh: string[];
  /** One of `fresh` that is clearly meant: it is alone, it lies on the centre, or all others are far off. */
  meant: string | null;
}

export const start: LiveState = { once: new Map(), taken: new Map() };

/** So much nearer than the next one is clear. */
const CLEARLY = 0.55;

function middle(corners: readonly Point[]): Point {
  const sum = corners.reduce((all, { x, y }) => ({ x: all.x + x, y: all.y + y }), { x: 0, y: 0 });
  return { x: sum.x / corners.length, y: sum.y / corners.length };
}

/** How far a code is from the picture's centre: nothing when it lies on it. */
export function distance(corners: readonly Point[], centre: Point): number {
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const on = (values: number[], at: number): boolean => Math.min(...values) <= at && at <= Math.max(...values);
  if (on(xs, centre.x) && on(ys, centre.y)) return 0;
  const { x, y } = middle(corners);
  return Math.hypot(x - centre.x, y - centre.y);
}

export function look(before: LiveState, hits: readonly Hit[], centre: Point, at: number): LiveStep {
  const near = [...hits]
    .map((hit) => ({ hit, off: distance(hit.corners, centre) }))
    .sort((one, other) => one.off - other.off)
    .filter(({ hit }, place, all) => all.findIndex((one) => one.hit.text === hit.text) === place);
  const once = new Map([...before.once].filter(([, first]) => at - first <= TWICE_WITHIN));
  const taken = new Map([...before.taken].filter(([, last]) => at - last <= FORGOTTEN_AFTER));
  const spots = near.map(({ hit: { text, symbology, corners } }): Spot => {
    const doubtful = isWeak(symbology) && !once.has(text) && !taken.has(text);
    if (isWeak(symbology)) once.set(text, at);
    if (taken.has(text)) taken.set(text, at);
    return { text, corners, doubtful, taken: taken.has(text) };
  });
  const open = near.filter((_, place) => !spots[place]?.doubtful && !spots[place]?.taken);
  const [first, second] = open;
  const alone = first && near.length === 1;
  const clear = first && (alone || first.off === 0 || (second ? first.off < second.off * CLEARLY : first === near[0]));
  return {
    state: { once, taken },
    spots,
    fresh: open.map(({ hit }) => hit.text),
    meant: clear ? first.hit.text : null,
  };
}

/** The code was taken: it is not new while it stays in sight. */
export function take(state: LiveState, text: string, at: number): LiveState {
  return { ...state, taken: new Map(state.taken).set(text, at) };
}
