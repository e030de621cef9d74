/** Sending: batches go out with the ids they were made with, again and again until the server answered. */
import { without, type Picked } from '../board/selection';
import type { Tools } from '../context';
import { asDoorError } from '../door';
import { backOff } from '../live/model';
import { lookUp } from '../desk/actions';
import type { OperationResult } from '../types';
import { t } from '../words';
import { answered, makeBatch, MOST, needsRows, sortOut, unanswered, undoBatch, type Batch, type Order } from './model';

const KEPT = 'doorstep.desk.unanswered';
/** Bigger batches do not fit into the browser's small store; leaving the page is then asked about. */
const MOST_KEPT = 2_000;

interface Kept {
  user: string;
  batches: Batch[];
}

/** What has no answer yet survives a reload of the page, for the same person only. */
function keep(tools: Tools): void {
  const user = tools.desk.user?.id;
  const open = tools.desk.batches.filter((batch) => batch.state === 'sending' || batch.state === 'waiting');
  const batches = open.filter((batch) => batch.operations.length <= MOST_KEPT);
  if (user === undefined || batches.length === 0) tools.keep.removeItem(KEPT);
  else tools.keep.setItem(KEPT, JSON.stringify({ user, batches } satisfies Kept));
}

/** Would leaving the page lose work that has no answer yet? */
export function holdsWork(tools: Tools): boolean {
  const open = tools.desk.batches.filter((batch) => batch.state === 'sending' || batch.state === 'waiting');
  return open.some((batch) => batch.operations.length > MOST_KEPT);
}

export function resume(tools: Tools): void {
  const text = tools.keep.getItem(KEPT);
  if (text !== null && tools.desk.batches.length === 0) {
    const kept = JSON.parse(text) as Kept;
    if (kept.user === tools.desk.user?.id) tools.desk.batches = kept.batches;
    else tools.keep.removeItem(KEPT);
  }
  for (const batch of tools.desk.batches) {
    if (batch.state === 'waiting' || batch.state === 'sending') void deliver(tools, batch);
  }
}

/** Put a new batch on its way. Resolves when it was answered, refused, or has to wait for the network. */
export async function submit(tools: Tools, batch: Batch): Promise<Batch> {
  tools.desk.putBatch(batch);
  keep(tools);
  return deliver(tools, batch);
}

/** Part after part: what was answered is not sent again when a later part has to wait. */
async function deliver(tools: Tools, batch: Batch): Promise<Batch> {
  let next: Batch = { ...batch, state: 'sending', tries: batch.tries + 1 };
  tools.desk.putBatch(next);
  try {
    for (let open = unanswered(next); open.length > 0; open = unanswered(next)) {
      const part = open.slice(0, MOST);
      const body = { operations: part };
      const answer = await tools.door.send<{ results: OperationResult[] }>('POST', '/api/v1/operations', body);
      next = answered(next, part, answer.results);
      tools.desk.putBatch(next);
    }
    tools.look();
  } catch (failure) {
    next = waitOrRefuse(tools, next, failure);
  }
  tools.desk.putBatch(next);
  keep(tools);
  return next;
}

function waitOrRefuse(tools: Tools, batch: Batch, failure: unknown): Batch {
  const error = asDoorError(failure);
  if (error.status === 401) tools.desk.session = 'ended';
  if (error.passing) {
    const wait = error.retryAfter === null ? backOff(batch.tries, tools.chance()) : error.retryAfter * 1000;
    tools.after(wait, () => retry(tools, batch.id));
  }
  const again = error.passing || error.status === 401;
  return { ...batch, state: again ? 'waiting' : 'refused', error: error.code };
}

export function retry(tools: Tools, id: string): void {
  const batch = tools.desk.batches.find((item) => item.id === id);
  if (batch?.state === 'waiting' && tools.desk.session === 'in') void deliver(tools, batch);
}

/**
 * An order as a batch for those of the tasks that can take it; null when none can. The rows a deed needs and nobody holds
 * are looked up first.
 */
export async function prepare(tools: Tools, order: Order, tasks: readonly Picked[]): Promise<Batch | null> {
  const { desk } = tools;
  const { fit } = sortOut(order.deed, tasks);
  if (needsRows(order.deed)) {
    const unseen = fit.filter((task) => (desk.table.get(task.id)?.rev ?? -1) < task.rev);
    const ids = unseen.map((task) => task.id);
    if (ids.length > 0) await lookUp(tools, ids);
  }
  const name = desk.people.get(order.courier) ?? '';
  const batch = makeBatch(order, fit, name, (id) => desk.table.get(id), tools.stamp());
  return batch.operations.length === 0 ? null : batch;
}

/** Rows dropped on a courier: what nobody has is assigned, the rest is moved. The reason says how it was done. */
export async function dropOn(tools: Tools, courier: string, tasks: readonly Picked[]): Promise<void> {
  const reason = t('deed.dragged');
  tools.desk.chosen = without(
    tools.desk.chosen,
    tasks.map((task) => task.id),
  );
  for (const deed of ['assign', 'reassign'] as const) {
    const batch = await prepare(tools, { deed, courier, reason, window: null }, tasks);
    if (batch !== null) void submit(tools, batch);
  }
}

export async function undo(tools: Tools, batch: Batch): Promise<void> {
  const back = undoBatch(batch, (id) => tools.desk.table.get(id), t('tray.undo_note'), tools.stamp());
  if (back.operations.length === 0) return;
  tools.desk.putBatch({ ...batch, undone: back.id });
  const answer = await submit(tools, back);
  // A way back that was refused leaves the deed standing, and its button with it.
  if (answer.state === 'refused') tools.desk.putBatch({ ...batch, undone: null });
}

export function dismiss(tools: Tools, id: string): void {
  tools.desk.dropBatch(id);
  keep(tools);
}
