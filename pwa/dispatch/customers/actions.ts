/** Reading and writing of customers. A write is an operation; its id stays the same until it was answered. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type { Reading } from '../desk/state.svelte';
import type { Operation } from '../operations';
import type { OperationResult } from '../types';
import { joined, listPath, PAGE, questionKey, questionOf, tabOf } from './model';
import { crm } from './state.svelte';
import type { AuditAnswer, Customer, CustomersAnswer, Field, Proposal, Revealed, TimelinePage } from './types';

const DOORS = '/api/v1/dispatch';

function doorOf(id: string): string {
  return `${DOORS}/customers/${encodeURIComponent(id)}`;
}

/** Everything the address asks for, at once. */
export async function read(tools: Tools): Promise<void> {
  const { route } = tools.desk;
  const tab = tabOf(route, tools.desk.user?.role ?? '');
  const parts = [tab === 'audit' ? readAudit(tools) : tab === 'proposals' ? readProposals(tools) : readList(tools)];
  if (route.id !== '') parts.push(readCustomer(tools, route.id), readTimeline(tools, route.id));
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** As many rows as are on the screen are read again: scrolled down, the list does not jump back. */
async function readList(tools: Tools): Promise<void> {
  const question = questionOf(tools.desk.route);
  const key = questionKey(question);
  const known = crm.list.key === key ? crm.list.answer : null;
  crm.list = { key, answer: known, error: null };
  try {
    const answer = await tools.door.get<CustomersAnswer>(listPath(question, 0));
    for (let at = PAGE; at < Math.min(known?.customers.length ?? 0, answer.total); at += PAGE) {
      const more = await tools.door.get<CustomersAnswer>(listPath(question, at));
      answer.customers.push(...more.customers);
    }
    if (crm.list.key === key) crm.list = { key, answer, error: null };
  } catch (failure) {
    const error = asDoorError(failure);
    if (crm.list.key === key) crm.list = { key, answer: known, error: error.code };
    throw error;
  }
}

export async function readMore(tools: Tools): Promise<void> {
  const { key, answer } = crm.list;
  if (answer === null || crm.growing || answer.customers.length >= answer.total) return;
  crm.growing = true;
  try {
    const question = questionOf(tools.desk.route);
    const more = await tools.door.get<CustomersAnswer>(listPath(question, answer.customers.length));
    if (crm.list.key !== key) return;
    const rows = new Map([...answer.customers, ...more.customers].map((row) => [row.id, row]));
    crm.list = { key, answer: { ...more, customers: [...rows.values()] }, error: null };
  } catch (failure) {
    crm.list = { ...crm.list, error: asDoorError(failure).code };
  } finally {
    crm.growing = false;
  }
}

/** One answer into one place; what was shown stays while it is read again. */
async function readInto<T>(
  id: string,
  get: () => Reading<T>,
  put: (reading: Reading<T>) => void,
  ask: () => Promise<T>,
): Promise<void> {
  if (get().id !== id) put({ id, value: null, error: null });
  try {
    const value = await ask();
    if (get().id === id) put({ id, value, error: null });
  } catch (failure) {
    const error = asDoorError(failure);
    if (get().id === id) put({ ...get(), error: error.code });
    // A customer that is not there is told in his place; it does not put the desk behind.
    if (error.passing || error.status === 401) throw error;
  }
}

async function readProposals(tools: Tools): Promise<void> {
  await readInto(
    'all',
    () => crm.proposals,
    (reading) => (crm.proposals = reading),
    async () => (await tools.door.get<{ proposals: Proposal[] }>(`${DOORS}/customers/proposals`)).proposals,
  );
}

async function readAudit(tools: Tools): Promise<void> {
  await readInto(
    'all',
    () => crm.audit,
    (reading) => (crm.audit = reading),
    () => tools.door.get<AuditAnswer>(`${DOORS}/reveals?limit=${PAGE}`),
  );
}

async function readCustomer(tools: Tools, id: string): Promise<void> {
  crm.forget(id);
  await readInto(
    id,
    () => crm.customer,
    (reading) => (crm.customer = reading),
    () => tools.door.get<Customer>(doorOf(id)),
  );
}

/** The newest page is read again; older ones that were asked for stay. */
async function readTimeline(tools: Tools, id: string): Promise<void> {
  await readInto(
    id,
    () => crm.timeline,
    (reading) => (crm.timeline = reading),
    async () => {
      const page = await tools.door.get<TimelinePage>(`${doorOf(id)}/timeline`);
      const held = crm.timeline.id === id ? crm.timeline.value : null;
      const last = page.entries.at(-1)?.position;
      const older = held?.entries.filter((touch) => last !== undefined && touch.position < last) ?? [];
      // Only what joins on: a gap between two reads would look like a quiet time.
      const joins = page.next === null || held?.entries.some((touch) => touch.position === last) === true;
      if (!joins || older.length === 0 || held === null) return page;
      return { entries: joined(page.entries, older), next: held.next };
    },
  );
}

export async function readOlder(tools: Tools): Promise<void> {
  const { id, value } = crm.timeline;
  if (value === null || value.next === null) return;
  try {
    const page = await tools.door.get<TimelinePage>(`${doorOf(id)}/timeline?before=${value.next}`);
    if (crm.timeline.id !== id) return;
    crm.timeline = { id, value: { entries: joined(value.entries, page.entries), next: page.next }, error: null };
  } catch (failure) {
    crm.timeline = { ...crm.timeline, error: asDoorError(failure).code };
  }
}

/** Hand one operation in. Sending the same one again is safe: the server answers as the first time. */
export async function hand(tools: Tools, operation: Operation): Promise<OperationResult> {
  const body = { operations: [operation] };
  const answer = await tools.door.send<{ results: OperationResult[] }>('POST', '/api/v1/operations', body);
  const result = answer.results[0];
  if (result === undefined) throw new Error('no result');
  tools.look();
  void read(tools).catch(() => undefined);
  return result;
}

/** Fields of the customer on the screen in the clear: counted, and kept with the reason. */
export async function reveal(tools: Tools, id: string, fields: readonly Field[], reason: string): Promise<void> {
  const answer = await tools.door.send<Revealed>('POST', `${doorOf(id)}/reveal`, { fields, reason });
  const before = crm.clear.id === id ? crm.clear.values : {};
  if (tools.desk.route.id === id) {
    crm.clear = { id, values: { ...before, ...answer.values }, left: answer.left_today };
  }
}
