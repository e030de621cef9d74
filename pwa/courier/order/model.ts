/** The courier's own order of the route: kept as ids, so that it holds across pulls, and laid over the plan. Pure. */
import type { TaskView } from '../../engine';
import { addressLines } from '../../ui/format';
import { isLeft, stopKey } from '../task';

export interface RouteStop {
  key: string;
  place: string;
  door: string;
  tasks: TaskView[];
}

/** All stops in the order of their first task. */
export function grouped(tasks: readonly TaskView[]): RouteStop[] {
  const found = new Map<string, RouteStop>();
  for (const view of tasks) {
    const key = stopKey(view);
    const stop = found.get(key);
    if (stop) stop.tasks.push(view);
    else found.set(key, { key, ...addressLines(view.task.address), tasks: [view] });
  }
  return [...found.values()];
}

/**
 * Tasks in the courier's own order. A stop goes where its first known task stands; one that came later goes behind the stop it
 * follows in the plan, so that nothing new is lost at the end of a long day.
 */
export function arranged(planned: readonly TaskView[], own: readonly string[] | null): TaskView[] {
  if (!own) return [...planned];
  const place = new Map(own.map((id, at) => [id, at]));
  let before = -1;
  const ranked = grouped(planned).map((stop) => {
    const known = stop.tasks.map((view) => place.get(view.task.id)).filter((at) => at !== undefined);
    if (known.length > 0) before = Math.min(...known);
    return { stop, rank: before };
  });
  return ranked.sort((a, b) => a.rank - b.rank).flatMap(({ stop }) => stop.tasks);
}

/** The stops with work left: what can be put into another order. */
export function movable(tasks: readonly TaskView[]): RouteStop[] {
  return grouped(tasks.filter(isLeft));
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const target = Math.max(0, Math.min(list.length - 1, to));
  const rest = [...list];
  const [one] = rest.splice(from, 1);
  if (one !== undefined) rest.splice(target, 0, one);
  return rest;
}

/** Ids to keep: the stops as they stand, what is done before them. */
export function idsOf(tasks: readonly TaskView[], stops: readonly RouteStop[]): string[] {
  const over = tasks.filter((view) => !isLeft(view));
  return [...over, ...stops.flatMap((stop) => stop.tasks)].map((view) => view.task.id);
}
