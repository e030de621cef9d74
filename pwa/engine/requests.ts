/** A customer's requests as they come in: which of a pulled row the courier has not seen, and rows of an older app. */
import { ordered } from '../../sync/ts/requests';
import type { TaskRowBody } from '../../sync/ts/pending';
import type { CustomerRequest } from '../../sync/ts/records';
import { strict, type MirrorRow } from '../store';
import type { Context } from './context';

/** A row stored before requests had a scope: what it has counts everywhere, as it did then. */
export function lifted(body: TaskRowBody | null): TaskRowBody | null {
  const customer = body?.customer;
  if (!body || !customer || customer.requests.every((request) => 'scope' in request)) return body;
  const requests = customer.requests.map((request) => ({ ...ordered(request), ...request }));
  return { ...body, customer: { ...customer, requests } };
}

/**
 * The requests of a pulled row that are new or changed since the one before it, and those he has not looked at since then. A task
 * that comes to the list is looked at as a whole, and a proposal is the courier's own: neither is marked.
 */
export function unseen(row: MirrorRow, before: MirrorRow | undefined): string[] {
  if (!before?.present || !row.present || !row.entity.startsWith('task:')) return [];
  const known = new Map(requestsOf(before).map((request) => [request.id, signature(request)]));
  const waiting = new Set(before.fresh ?? []);
  return requestsOf(row)
    .filter((request) => request.state === 'accepted')
    .filter((request) => waiting.has(request.id) || known.get(request.id) !== signature(request))
    .map((request) => request.id);
}

/** The courier has opened the task: what its customer asks is no news any more. */
export async function opened(ctx: Context, task: string): Promise<void> {
  const cleared = await strict(ctx.db, ['rows'], async (tx) => {
    const row = await tx.objectStore('rows').get(`task:${task}`);
    if (!row?.fresh) return false;
    const { fresh: _fresh, ...rest } = row;
    await tx.objectStore('rows').put(rest);
    return true;
  });
  if (cleared) ctx.changed();
}

function requestsOf(row: MirrorRow): CustomerRequest[] {
  return lifted(row.body as TaskRowBody | null)?.customer?.requests ?? [];
}

/** What a change of would be news at the door; whose wish it is would not. */
function signature(request: CustomerRequest): string {
  const { kind, text, state, weekdays, valid_from, valid_until } = request;
  return JSON.stringify([kind, text, state, weekdays, valid_from, valid_until]);
}
