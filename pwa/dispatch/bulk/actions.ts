/** Sending: batches go out with the ids they were made with, again and again until the server answered. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type { Operation } from '../operations';
import { pause } from '../poll';
import type { OperationResult } from '../types';
import { t } from '../words';
import { answered, MOST, undoBatch, type Batch } from './model';

const KEPT = 'doorstep.desk.unanswered';

interface Kept {
  user: string;
  batches: Batch[];
}

/** What has no answer yet survives a reload of the page, for the same person only. */
function keep(tools: Tools): void {
  const user = tools.desk.user?.id;
  const batches = tools.desk.batches.filter((batch) => batch.state === 'sending' || batch.state === 'waiting');
  if (user === undefined || batches.length === 0) tools.keep.removeItem(KEPT);
  else tools.keep.setItem(KEPT, JSON.stringify({ user, batches } satisfies Kept));
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

async function post(tools: Tools, operations: Operation[]): Promise<OperationResult[]> {
  const results: OperationResult[] = [];
  for (let from = 0; from < operations.length; from += MOST) {
    const part = operations.slice(from, from + MOST);
    const answer = await tools.door.send<{ results: OperationResult[] }>('POST', '/api/v1/operations', {
      operations: part,
    });
    results.push(...answer.results);
  }
  return results;
}

/** Put a new batch on its way. Resolves when it was answered, refused, or has to wait for the network. */
export async function submit(tools: Tools, batch: Batch): Promise<Batch> {
  tools.desk.putBatch(batch);
  keep(tools);
  return deliver(tools, batch);
}

async function deliver(tools: Tools, batch: Batch): Promise<Batch> {
  let next: Batch = { ...batch, state: 'sending', tries: batch.tries + 1 };
  tools.desk.putBatch(next);
  try {
    next = answered(next, await post(tools, next.operations));
    tools.look();
  } catch (failure) {
    const error = asDoorError(failure);
    if (error.status === 401) tools.desk.session = 'ended';
    const again = error.passing || error.status === 401;
    next = { ...next, state: again ? 'waiting' : 'refused', error: error.code };
    if (error.passing) {
      const wait = error.retryAfter === null ? pause(next.tries, 0) : error.retryAfter * 1000;
      tools.after(wait, () => retry(tools, next.id));
    }
  }
  tools.desk.putBatch(next);
  keep(tools);
  return next;
}

export function retry(tools: Tools, id: string): void {
  const batch = tools.desk.batches.find((item) => item.id === id);
  if (batch?.state === 'waiting' && tools.desk.session === 'in') void deliver(tools, batch);
}

export async function undo(tools: Tools, batch: Batch): Promise<void> {
  const back = undoBatch(batch, tools.desk.byId, t('tray.undo_note'), tools.stamp());
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
