/** Whether a door is out of its turn: what would be late because of it, or what would be passed by. Pure. */
import type { TaskView } from '../../engine';
import { grouped } from '../order/model';
import { isLeft, stopKey } from '../task';

export type OutOfTurn =
  { kind: 'window'; other: TaskView; minutes: number } | { kind: 'skips'; other: TaskView; stops: number };

/** A window that ends within this is about to be missed elsewhere. Minutes. */
const SOON = 30;
const MINUTE = 60_000;

/** `tasks` in the order in which the courier goes; nothing is said at a door where he already stands. */
export function outOfTurn(tasks: readonly TaskView[], view: TaskView, now: number): OutOfTurn | null {
  if (!isLeft(view) || view.task.status === 'arrived') return null;
  const here = stopKey(view);
  const stops = grouped(tasks.filter(isLeft));
  const own = endOf(view);
  const late = stops
    .filter((stop) => stop.key !== here)
    .flatMap((stop) => stop.tasks)
    .filter((other) => endOf(other) >= now && endOf(other) - now <= SOON * MINUTE && endOf(other) < own)
    .sort((a, b) => endOf(a) - endOf(b))[0];
  if (late) return { kind: 'window', other: late, minutes: Math.floor((endOf(late) - now) / MINUTE) };
  const skipped = stops.findIndex((stop) => stop.key === here);
  const first = stops[0]?.tasks[0];
  return skipped > 0 && first ? { kind: 'skips', other: first, stops: skipped } : null;
}

function endOf(view: TaskView): number {
  return view.task.window_end ?? Number.MAX_SAFE_INTEGER;
}
