/** A customer's requests on the handheld: news is marked until it is looked at, proposals wait, old forms are understood. */
import { describe, expect, it } from 'vitest';

import type { Draft, Engine, TaskView } from '../../../pwa/engine';
import type { JsonObject } from '../../../sync/ts/records';
import { openDatabase } from '../../../pwa/store';
import { rig, type FakeServer, type Rig } from '../fakes';

const REQUEST = '88888888-8888-4888-8888-888888888888';

function wish(more: JsonObject = {}): JsonObject {
  return {
    request: REQUEST,
    kind: 'no_ring',
    text: '宝宝在睡觉',
    active: true,
    scope: 'always',
    address: null,
    task: null,
    weekdays: [],
    source: 'csr',
    state: 'accepted',
    valid_from: null,
    valid_until: null,
    ...more,
  };
}

const customerOf = (server: FakeServer, task: string): string => `customer:${server.taskRecord(task).customer}`;

async function loaded(): Promise<Rig & { task: string; view: () => Promise<TaskView> }> {
  const all = await rig();
  const task = all.server.task('SF1');
  await all.engine.sync();
  return { ...all, task, view: async () => (await all.engine.task(task)) as TaskView };
}

function ask(server: FakeServer, task: string, more: JsonObject = {}, base: JsonObject = {}): void {
  server.desk('customer.request_set', customerOf(server, task), wish(more), base);
}

const propose = (view: TaskView): Draft => ({
  type: 'customer.request_set',
  entity: `customer:${view.task.customer}`,
  payload: wish({ source: 'courier', state: 'proposed', task: view.task.id }),
});

describe('what is new on a task the courier has', () => {
  it('is marked until he opens it, through restarts and further pulls', async () => {
    const { server, engine, task, view, again } = await loaded();
    expect((await view()).fresh).toEqual([]);
    ask(server, task);
    await engine.sync();
    expect((await view()).fresh).toEqual([REQUEST]);
    server.desk('task.window_changed', `task:${task}`, { window_start: null, window_end: null });
    await engine.sync();
    engine.close();
    const other: Engine = await again();
    expect((await other.task(task))?.fresh).toEqual([REQUEST]);
    let told = 0;
    other.subscribe(() => (told += 1));
    await other.opened(task);
    expect((await other.task(task))?.fresh).toEqual([]);
    expect(told).toBe(1);
    await other.opened(task);
    expect(told, 'nothing more to tell').toBe(1);
  });
  it('is marked again when its words change, and gone with the request', async () => {
    const { server, engine, task, view } = await loaded();
    ask(server, task);
    await engine.sync();
    await engine.opened(task);
    ask(server, task, { text: '请走侧门' }, { text: '宝宝在睡觉' });
    await engine.sync();
    expect((await view()).fresh).toEqual([REQUEST]);
    ask(server, task, { text: '请走侧门', active: false }, { active: true });
    await engine.sync();
    expect((await view()).fresh).toEqual([]);
    expect((await view()).customer.requests).toEqual([]);
  });
  it('is not what came with a task, nor a proposal before it is accepted', async () => {
    const { server, engine, task, view } = await loaded();
    await engine.submit([propose(await view())]);
    expect((await view()).customer.requests).toMatchObject([{ id: REQUEST, state: 'proposed' }]);
    expect((await view()).state).toBe('saved');
    await engine.sync();
    expect(await view()).toMatchObject({ state: 'confirmed', fresh: [] });
    ask(server, task, { source: 'courier' }, { state: 'proposed' });
    await engine.sync();
    expect((await view()).fresh).toEqual([REQUEST]);
    const late = server.task('SF2');
    ask(server, late);
    await engine.sync();
    expect((await engine.task(late))?.fresh).toEqual([]);
  });
});

describe('a request that is not for this task', () => {
  it('shows on none of the others, before and after the server has it', async () => {
    const { server, engine, task, view } = await loaded();
    const draft = propose(await view());
    await engine.submit([{ ...draft, payload: { ...draft.payload, scope: 'parcel', task: server.task('SF9') } }]);
    expect((await view()).customer.requests).toEqual([]);
    ask(server, task, { request: '99999999-9999-4999-8999-999999999999', scope: 'address', address: 'elsewhere' });
    await engine.sync();
    expect((await view()).customer.requests).toEqual([]);
  });
});

describe('what an older app left', () => {
  it('P8 rows and operations from before requests had a scope are understood', async () => {
    const { platform, engine, task, view } = await loaded();
    const db = await openDatabase(platform.storage.factory, platform.storage.name);
    const entity = `task:${task}`;
    const row = await db.get('rows', entity);
    const body = row?.body as { customer: { id: string; requests: unknown[] } };
    body.customer.requests = [{ id: 'old', kind: 'fragile', text: '玻璃', active: true }];
    await db.put('rows', { ...row!, body });
    expect((await view()).customer.requests).toMatchObject([{ id: 'old', scope: 'always', state: 'accepted' }]);
    const [saved] = await engine.submit([propose(await view())]);
    const { request, kind, text, active } = wish();
    const envelope = { ...saved!, v: 1, payload: { request, kind, text, active } as JsonObject };
    await db.put('outbox', { seq: saved!.seq as number, op_id: saved!.op_id, enc: 'none', envelope });
    db.close();
    expect((await view()).customer.requests[1]).toMatchObject({ id: REQUEST, scope: 'always', state: 'proposed' });
  });
});
