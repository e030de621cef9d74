/** What every screen asks of a task. Pure. */
import type { TaskView } from '../engine';

const OPEN = new Set(['created', 'assigned', 'out_for_delivery', 'arrived']);
const DONE = new Set(['delivered', 'picked_up']);

/** Still to be done. */
export const isLeft = (view: TaskView): boolean => OPEN.has(view.task.status) && !view.task.cancelled;
export const isDone = (view: TaskView): boolean => DONE.has(view.task.status);
/** Taken back by dispatch and nothing has happened since: it must not be handed over. */
export const isStopped = (view: TaskView): boolean => view.task.status === 'cancelled';
export const isProblem = (view: TaskView): boolean => !isLeft(view) && !isDone(view);

export function activeRequests(view: TaskView): { id: string; kind: string; text: string }[] {
  return view.customer.requests.filter((request) => request.active);
}

/** Money still to be taken, minor units; 0 when nothing is due. */
export function amountDue(view: TaskView): number {
  return view.obligation?.status === 'due' ? view.obligation.amount_minor : 0;
}

/** Tasks with the same key are one stop: the same address text, blanks aside. */
export function stopKey(view: TaskView): string {
  return view.task.address.text.replace(/\s+/g, '');
}
