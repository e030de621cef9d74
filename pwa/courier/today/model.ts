/** The list of the day: what is next, what is left, what stands together at one door. Pure. */
import type { Draft, TaskView } from '../../engine';
import { addressLines } from '../../ui/format';
import {
  activeRequests,
  amountDue,
  isDone,
  isLeft,
  isProblem,
  isStopped,
  newRequests,
  stopKey,
  type When,
} from '../task';

export type Filter = 'left' | 'done' | 'problems' | 'pickups';

export interface Stop {
  key: string;
  place: string;
  tasks: TaskView[];
}

export interface Counts {
  total: number;
  left: number;
  done: number;
  problems: number;
  pickups: number;
}

const shows: Record<Filter, (view: TaskView) => boolean> = {
  left: isLeft,
  done: isDone,
  problems: (view) => isProblem(view) || view.state === 'needs_you',
  pickups: (view) => view.task.kind === 'pickup' && isLeft(view),
};

export function count(tasks: readonly TaskView[]): Counts {
  const of = (filter: Filter): number => tasks.filter(shows[filter]).length;
  return { total: tasks.length, left: of('left'), done: of('done'), problems: of('problems'), pickups: of('pickups') };
}

/** What the search box looks in, lower case, blanks and hyphens out, so that a read-aloud tail or room matches. */
function haystack(view: TaskView): string {
  const { address } = view.task;
  const parts = [address.building, address.unit, address.room].filter(Boolean).join('');
  const words = [view.parcel.waybill, view.customer.name, view.customer.phone, address.text, address.community, parts];
  return squeeze([...words, view.task.reference, view.task.merchant].filter(Boolean).join('\n'));
}

function squeeze(text: string): string {
  return text.toLowerCase().replace(/[ \t\-－]/g, '');
}

/**
 * The rows to draw, by stop. A search looks through the whole day, whatever the filter says: the courier who looks
 * for a parcel does not know in which list it is.
 */
export function stops(tasks: readonly TaskView[], filter: Filter, query: string): Stop[] {
  const wanted = squeeze(query);
  const shown = wanted ? tasks.filter((view) => haystack(view).includes(wanted)) : tasks.filter(shows[filter]);
  const found = new Map<string, Stop>();
  for (const view of shown) {
    const key = stopKey(view);
    const stop = found.get(key);
    if (stop) stop.tasks.push(view);
    else found.set(key, { key, place: addressLines(view.task.address).place, tasks: [view] });
  }
  return [...found.values()];
}

/** The next piece of work: the first of the route that is left. */
export function next(tasks: readonly TaskView[]): TaskView | null {
  return tasks.find(isLeft) ?? null;
}

/** Others left at the same door as `view`. */
export function together(tasks: readonly TaskView[], view: TaskView): TaskView[] {
  return tasks.filter((other) => other.task.id !== view.task.id && isLeft(other) && stopKey(other) === stopKey(view));
}

/** Cancelled by dispatch, not yet brought back: shown above everything. */
export function stopped(tasks: readonly TaskView[]): TaskView[] {
  return tasks.filter(isStopped);
}

/** Work left whose customer asks for something the courier has not looked at. */
export function news(tasks: readonly TaskView[], when: When): TaskView[] {
  return tasks.filter((view) => isLeft(view) && newRequests(view, when).length > 0);
}

/** Deliveries that have not left the station; `scanned` of them passed the scanner. */
export function toLoad(tasks: readonly TaskView[]): { tasks: TaskView[]; scanned: number } {
  const waiting = tasks.filter(
    (view) => view.task.kind === 'delivery' && view.task.status === 'assigned' && isLeft(view),
  );
  return { tasks: waiting, scanned: waiting.filter((view) => view.parcel.scans > 0).length };
}

/** What the day holds, said before the shift starts. Money in minor units. */
export function dayAhead(
  tasks: readonly TaskView[],
  when: When,
): {
  deliveries: number;
  pickups: number;
  cod: number;
  requests: number;
} {
  const left = tasks.filter(isLeft);
  return {
    deliveries: left.filter((view) => view.task.kind === 'delivery').length,
    pickups: left.filter((view) => view.task.kind === 'pickup').length,
    cod: left.reduce((sum, view) => sum + amountDue(view), 0),
    requests: left.filter((view) => activeRequests(view, when).length > 0).length,
  };
}

export function startShift(shift: string, station: string, tasks: readonly TaskView[]): Draft[] {
  return [
    { type: 'shift.started', entity: `shift:${shift}`, payload: { station, tasks: tasks.filter(isLeft).length } },
  ];
}
