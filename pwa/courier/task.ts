/** What every screen asks of a task. Pure. */
import { applies, belongs } from '../../sync/ts/requests';
import type { CustomerRequest, TaskView } from '../engine';
import { weekday } from '../ui/requests';

const OPEN = new Set(['created', 'assigned', 'out_for_delivery', 'arrived']);
const DONE = new Set(['delivered', 'picked_up']);

/** Still to be done. */
export const isLeft = (view: TaskView): boolean =>
  OPEN.has(view.task.status) && !view.task.cancelled && !view.task.problem;
export const isDone = (view: TaskView): boolean => DONE.has(view.task.status);
/** Taken back by dispatch and nothing has happened since: it must not be handed over. */
export const isStopped = (view: TaskView): boolean => view.task.status === 'cancelled';
export const isProblem = (view: TaskView): boolean => !isLeft(view) && !isDone(view);

/** A moment at the station: ms, and its time zone. The session is one. */
export interface When {
  now: number;
  zone: string;
}

export interface DoorRequests {
  /** To be kept at this door today: shown loud. */
  loud: CustomerRequest[];
  /** Proposed by a courier; customer service has not said yes. */
  proposed: CustomerRequest[];
  /** Accepted, for another day. */
  later: CustomerRequest[];
}

export function doorRequests(view: TaskView, when: When): DoorRequests {
  const day = weekday(when.now, when.zone);
  const here = view.customer.requests.filter((request) => request.active && belongs(request, view.task));
  const counts = (request: CustomerRequest): boolean => applies(request, view.task, day, when.now);
  return {
    loud: here.filter(counts),
    proposed: here.filter((request) => request.state === 'proposed'),
    later: here.filter((request) => request.state === 'accepted' && !counts(request)),
  };
}

/** What is to be kept at this door today. */
export function activeRequests(view: TaskView, when: When): CustomerRequest[] {
  return doorRequests(view, when).loud;
}

/** Loud requests that came or changed since the task was last opened. */
export function newRequests(view: TaskView, when: When): CustomerRequest[] {
  return view.fresh.length ? activeRequests(view, when).filter((request) => view.fresh.includes(request.id)) : [];
}

/** What this screen has shown of the customer's requests: an outcome says so, and the server sees what came too late. */
export function shownRequests(view: TaskView | null): { requests: string[] } {
  return { requests: (view?.customer.requests ?? []).map((request) => request.id) };
}

/** Money still to be taken, minor units; 0 when nothing is due. */
export function amountDue(view: TaskView): number {
  return view.obligation?.status === 'due' ? view.obligation.amount_minor : 0;
}

/** Tasks with the same key are one stop: the same address text, blanks aside. */
export function stopKey(view: TaskView): string {
  return view.task.address.text.replace(/\s+/g, '');
}
