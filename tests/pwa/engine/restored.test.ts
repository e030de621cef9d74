/** A copy that is not the server's any more, and a server that has forgotten: the mirror is rebuilt, the journal is offered again. */
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';

import { createEngine, type Engine, type Envelope } from '../../../pwa/engine';
import { openDatabase, strict, type Database, type JournalRow } from '../../../pwa/store';
import { bodyHash } from '../../../sync/ts/canonical';
import { COURIER, delivered, DEVICE, FakeServer, json, noted, NOW, PNG, problem, rig, type Rig } from '../fakes';
import { life } from './life';

const SCOPE = `courier:${COURIER.id}`;

async function loaded(...waybills: string[]) {
  const made = await rig();
  const tasks = waybills.map((waybill) => made.server.task(waybill));
  await made.engine.sync();
  made.server.requests.length = 0;
  return { ...made, tasks };
}

interface Asked {
  push: { from_seq: number; operations: { op_id: string }[] } | null;
  cursors: Record<string, number>;
  rebuilding?: Record<string, string>;
  proofs?: string[];
  incarnation: string;
}

const asked = (server: FakeServer): Asked[] =>
  server.requests.filter(({ path }) => path === '/api/v1/exchange').map(({ body }) => body as never as Asked);

async function inside(made: Pick<Rig, 'platform'>, work: (db: Database) => Promise<unknown>): Promise<void> {
  const db = await openDatabase(made.platform.storage.factory, 'test');
  await work(db);
  db.close();
}

const texts = (server: FakeServer, task: string): string[] => server.taskRecord(task).notes.map((note) => note.text);

async function sameAsServer(engine: Engine, server: FakeServer): Promise<void> {
  const mine = (await engine.today()).map((view) => view.task);
  const theirs = [...(server.scopes.get(SCOPE)?.rows.values() ?? [])].filter((row) => row.present);
  expect(mine.map((task) => task.id).sort()).toEqual(theirs.map((row) => row.entity.slice(5)).sort());
  for (const task of mine) expect(task).toEqual(server.taskRecord(task.id));
}

describe('a copy that differs', () => {
  it('P30 is pulled again from nothing, in the same sync, and the server is told why', async () => {
    const made = await loaded('A', 'B');
    await inside(made, (db) => strict(db, ['rows'], (tx) => tx.objectStore('rows').delete(`task:${made.tasks[0]}`)));
    expect(await made.engine.today()).toHaveLength(1);
    await made.engine.sync();
    expect(await made.engine.today()).toHaveLength(2);
    const [first, second, ...more] = asked(made.server);
    expect(first?.cursors[SCOPE]).toBeGreaterThan(0);
    expect([second?.cursors[SCOPE], second?.rebuilding, more]).toEqual([0, { [SCOPE]: 'digest' }, []]);
  });

  it('P30 a row too many goes, an unsent operation on it does not', async () => {
    const made = await loaded('A', 'B');
    const [task] = made.tasks as [string];
    await made.engine.submit([noted(task, 'mine')]);
    // The server's row goes without a removal, as when a restored feed had never heard of it.
    made.server.scopes.get(SCOPE)?.rows.delete(`task:${task}`);
    const real = made.server.handle.bind(made.server);
    made.server.handle = async (request) => {
      const body = JSON.parse(Buffer.from(request.body ?? []).toString() || '{}') as object;
      if (request.path !== '/api/v1/exchange') return real(request);
      const text = JSON.stringify({ ...body, push: null });
      return real({ ...request, body: new Uint8Array(Buffer.from(text)) });
    };
    await made.engine.sync();
    expect((await made.engine.today()).map((view) => view.parcel.waybill)).toEqual(['B']);
    expect((await made.engine.status()).hidden).toMatchObject([{ id: task, waybill: 'A', waiting: 1 }]);
    expect(await made.engine.outbox()).toHaveLength(1);
  });

  it('P30 is not rebuilt again and again when the digest itself is wrong', async () => {
    const { engine, server, platform } = await loaded('A');
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      const answer = await real(request);
      if (request.path !== '/api/v1/exchange') return answer;
      const body = JSON.parse(Buffer.from(answer.body).toString()) as { pull: { scopes: { digest: unknown }[] } };
      for (const page of body.pull.scopes) page.digest = { count: 7, sum: 7 };
      return json(200, body);
    };
    platform.setNow(NOW, 0);
    for (let i = 0; i < 5; i += 1) expect(await engine.sync()).toMatchObject({ ok: true });
    expect(asked(server).filter((one) => one.rebuilding)).toHaveLength(1);
    expect(await engine.today()).toHaveLength(1);
    platform.setNow(NOW + 3_600_000, 3_600_000);
    await engine.sync();
    expect(asked(server).filter((one) => one.rebuilding)).toHaveLength(2);
  });

  it('P30 is not compared while pages below a pinned ceiling are not the whole of it', async () => {
    const { engine, server } = await loaded();
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.pageLimit = 10;
    server.beforeAnswer = () => {
      if (asked(server).length === 2) server.task('LATE');
    };
    await engine.sync();
    await engine.sync();
    expect(asked(server).filter((one) => one.rebuilding)).toEqual([]);
    expect(await engine.today()).toHaveLength(26);
  });
});

describe('a handheld that comes back after long', () => {
  it('P29 loses the tasks whose removal is forgotten, and nothing of what it recorded on them', async () => {
    const { engine, server, tasks } = await loaded('A', 'B', 'C');
    const [gone, held] = tasks as [string, string];
    const [note] = await engine.submit([noted(gone, 'written on the mountain')]);
    server.reassign(gone, DEVICE);
    server.reassign(tasks[2] as string, DEVICE);
    server.task('D');
    server.forgetRemovals(SCOPE);
    await engine.sync();
    await sameAsServer(engine, server);
    expect(texts(server, gone)).toEqual(['written on the mountain']);
    expect(server.operations.map((op) => op.op_id)).toEqual([note?.op_id]);
    expect((await engine.today()).map((view) => view.task.id)).toContain(held);
    expect(await engine.status()).toMatchObject({ waiting: 0, hidden: [], allConfirmed: true });
  });

  it('P6 P29 sends what an app of the first version had recorded, as it was recorded', async () => {
    const made = await loaded('A', 'B');
    const { engine, server, tasks } = made;
    const [task, gone] = tasks as [string, string];
    const request = '77777777-7777-4777-8777-777777777777';
    const { customer } = server.taskRecord(task);
    const [saved] = await engine.submit([noted(task, 'turned into a wish of version 1')]);
    const old: Envelope = {
      ...(saved as Envelope),
      type: 'customer.request_set',
      entity: `customer:${customer}`,
      payload: { request, kind: 'no_ring', text: '宝宝在睡觉', active: true },
    };
    await inside(made, (db) =>
      strict(db, ['outbox', 'journal', 'meta'], async (tx) => {
        const row = await tx.objectStore('journal').get(old.op_id);
        await tx.objectStore('journal').put({ ...(row as JournalRow), envelope: old });
        await tx.objectStore('outbox').put({ seq: 1, op_id: old.op_id, enc: 'none', envelope: old });
        await tx
          .objectStore('meta')
          .put({ incarnation: old.incarnation as string, seq: 1, prev: bodyHash(old) }, 'local');
      }),
    );
    server.reassign(gone, DEVICE);
    server.task('C');
    server.forgetRemovals(SCOPE);
    const updated = await made.again();
    expect((await updated.today())[0]?.customer.requests).toMatchObject([{ id: request, state: 'proposed' }]);
    await updated.submit([noted(task, 'and one of today')]);
    await updated.sync();
    expect(server.operations.map((op) => [op.v, op.prev])).toEqual([
      [1, null],
      [1, bodyHash(old)],
    ]);
    expect(server.operations[0]).toEqual(old);
    await sameAsServer(updated, server);
    expect((await updated.today())[0]?.customer.requests).toMatchObject([{ id: request, state: 'proposed' }]);
    expect(await updated.outbox()).toEqual([]);
  });

  it('P29 begins anew page by page, and shows what it had until the last one has come', async () => {
    const { engine, server, tasks } = await loaded('A', 'B');
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.reassign(tasks[0] as string, DEVICE);
    server.task('LAST');
    server.forgetRemovals(SCOPE);
    server.pageLimit = 5;
    const seen = new Set<number>();
    server.intercept = () => {
      void engine.today().then((views) => seen.add(views.length));
      return null;
    };
    await engine.sync();
    expect(seen).toEqual(new Set([2]));
    expect(await engine.today()).toHaveLength(27);
  });

  it('P29 begins anew on a scope the server does not know, or whose past is another', async () => {
    const { engine, server } = await loaded('A', 'B');
    const known = server.scopes.get(SCOPE);
    server.scopes.delete(SCOPE);
    await engine.sync();
    expect(await engine.today()).toEqual([]);
    if (known) server.scopes.set(SCOPE, known);
    for (const waybill of ['C', 'D', 'E']) server.task(waybill);
    await engine.sync();
    expect(await engine.today()).toHaveLength(5);
    const rows = [...(known?.rows.values() ?? [])].slice(0, 2).map((row, i) => ({ ...row, ver: i + 1 }));
    server.scopes.set(SCOPE, { ver: 2, floor: 0, rows: new Map(rows.map((row) => [row.entity, row])) });
    await engine.sync();
    expect(await engine.today()).toHaveLength(2);
  });
});

/** A handheld whose server goes back to a backup that lacks the second half of the day. */
async function restored(epoch?: string) {
  const made = await loaded('A', 'B');
  const { engine, server, tasks } = made;
  const [task, other] = tasks as [string, string];
  const proof = [{ bytes: PNG, type: 'image/png', kind: 'signature' as const }];
  await engine.submit([noted(task, 'before'), delivered(other, { signature: 'blob:0' })], proof);
  await engine.sync();
  const backup = server.copy();
  await engine.submit([noted(task, 'after'), delivered(task)]);
  await engine.sync();
  expect(await engine.outbox()).toEqual([]);
  server.restore(backup, epoch);
  server.requests.length = 0;
  return { ...made, task, other };
}

describe('a server that has forgotten', () => {
  it.each([['e2'], [undefined]])('P31 is offered the journal from its new head (epoch %s)', async (epoch) => {
    const { engine, server, task } = await restored(epoch);
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(texts(server, task)).toEqual(['before', 'after']);
    expect(server.taskRecord(task).status).toBe('delivered');
    await sameAsServer(engine, server);
    expect(await engine.outbox()).toEqual([]);
    expect(await engine.status()).toMatchObject({ waiting: 0, allConfirmed: true });
    const pushes = asked(server).flatMap((one) => (one.push ? [one.push] : []));
    expect(pushes.map((push) => [push.from_seq, push.operations.length])).toEqual([[3, 2]]);
    expect(asked(server)[1]?.rebuilding?.[SCOPE]).toBe(epoch ? 'epoch' : 'head');
    expect(server.ledger.size).toBe(1);
  });

  it('P31 the courier sees what he did all the while', async () => {
    const { engine, server, task } = await restored('e2');
    const seen = new Set<string>();
    server.intercept = () => {
      void engine.task(task).then((view) => seen.add(`${view?.task.status} ${view?.task.notes.length}`));
      return null;
    };
    await engine.sync();
    expect(seen).toEqual(new Set(['delivered 2']));
  });

  it('P31 is asked which proofs it lacks, and gets them again', async () => {
    const { engine, server } = await restored('e2');
    const had = [...server.blobs.keys()];
    server.blobs.clear();
    await engine.sync();
    expect(asked(server).flatMap((one) => one.proofs ?? [])).toEqual(had);
    expect([...server.blobs.keys()]).toEqual(had);
    await engine.sync();
    expect(asked(server).at(-1)?.proofs).toBeUndefined();
  });

  it('P31 a new epoch of a server that has forgotten nothing changes nothing but the mirror', async () => {
    const { engine, server, tasks } = await loaded('A');
    await engine.submit([noted(tasks[0] as string, 'x')]);
    await engine.sync();
    const before = server.operations.length;
    server.epoch = 'e2';
    server.requests.length = 0;
    await engine.sync();
    expect(server.operations).toHaveLength(before);
    expect(asked(server).some((one) => one.push)).toBe(false);
    expect(server.ledger.size).toBe(1);
    await sameAsServer(engine, server);
  });

  it('P31 what a former chain had told it is offered as well, once, in a new chain', async () => {
    const { engine, server, tasks } = await loaded('A');
    const [task] = tasks as [string];
    await engine.submit([noted(task, 'one')]);
    await engine.sync();
    const backup = server.copy();
    await engine.submit([noted(task, 'two')]);
    await engine.sync();
    // The storage seems to have gone back: the server holds another operation where the next one would stand.
    const entries = [...server.ledger.values()][0] as {
      op: { op_id: string };
      result: { op_id: string; seq: number };
    }[];
    const other = structuredClone(entries[1]) as (typeof entries)[number];
    other.op.op_id = other.result.op_id = '99999999-9999-4999-8999-999999999999';
    other.result.seq = 3;
    entries.push(other);
    await engine.submit([noted(task, 'three')]);
    await engine.sync();
    expect(server.ledger.size).toBe(2);
    server.restore(backup, 'e2');
    await engine.sync();
    expect(texts(server, task).sort()).toEqual(['one', 'three', 'two']);
    expect(new Set(server.operations.map((op) => op.op_id)).size).toBe(3);
    expect(await engine.outbox()).toEqual([]);
    expect(await engine.status()).toMatchObject({ allConfirmed: true });
    await sameAsServer(engine, server);
  });

  it('P31 a handheld it does not know any more is enrolled anew, and brings all it holds', async () => {
    const { engine, server, tasks } = await loaded('A');
    const [task] = tasks as [string];
    const backup = server.copy();
    await engine.submit([noted(task, 'one')]);
    await engine.sync();
    await engine.submit([noted(task, 'two')]);
    server.restore(backup, 'e2');
    server.intercept = () => problem(401, 'device_unknown');
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'revoked', code: 'device_unknown' });
    server.intercept = () => null;
    server.codes.set('AGAIN', { user: COURIER, device: DEVICE });
    await engine.enrol('AGAIN');
    await engine.sync();
    expect(texts(server, task).sort()).toEqual(['one', 'two']);
    expect(server.operations).toHaveLength(2);
    expect(await engine.outbox()).toEqual([]);
    await sameAsServer(engine, server);
  });

  it('P31 begins a new chain where the journal does not reach back to its head', async () => {
    const made = await restored('e2');
    const { engine, server, task } = made;
    server.restore({ ...server.copy(), ledger: new Map(), opIds: new Map() });
    // Fourteen days after its answer the first operation has left the journal; the others have not.
    await inside(made, async (db) => {
      const [first] = await db.getAllFromIndex('journal', 'place');
      await strict(db, ['journal'], (tx) => tx.objectStore('journal').delete(first?.op_id ?? ''));
    });
    await engine.sync();
    expect(server.operations.map((op) => op.seq)).toEqual([1, 2, 3]);
    expect(texts(server, task)).toContain('after');
    expect(await engine.status()).toMatchObject({ recorded: 3, waiting: 0, allConfirmed: true });
  });
});

describe('killed while a server is told again', () => {
  async function prepared(server: FakeServer, factory: IDBFactory): Promise<string> {
    const engine = await createEngine(life(server, factory, 'zero', Infinity).platform, { baseUrl: '', app: 'test' });
    await engine.enrol('CODE');
    const task = server.task('SF1');
    await engine.sync();
    await engine.submit([noted(task, 'kept'), noted(task, 'seen')]);
    await engine.sync();
    const backup = server.copy();
    const proof = [{ bytes: PNG, type: 'image/png', kind: 'signature' as const }];
    await engine.submit([noted(task, 'lost'), delivered(task, { signature: 'blob:0' })], proof);
    await engine.sync();
    server.restore(backup, 'e2');
    await engine.submit([noted(task, 'unsent')]);
    return task;
  }

  async function killedAt(at: number): Promise<number> {
    const server = new FakeServer();
    const factory = new IDBFactory();
    const task = await prepared(server, factory);
    const first = life(server, factory, 'first', at);
    const lived = createEngine(first.platform, { baseUrl: '', app: 'test' })
      .then((engine) => engine.sync())
      .catch(() => undefined);
    await Promise.race([first.dead, lived]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = life(server, factory, 'second', Infinity);
    const engine = await createEngine(second.platform, { baseUrl: '', app: 'test' });
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(texts(server, task).sort()).toEqual(['kept', 'lost', 'seen', 'unsent']);
    expect(server.taskRecord(task).status).toBe('delivered');
    expect(server.blobs.size).toBe(1);
    expect(await engine.outbox()).toEqual([]);
    expect(await engine.status()).toMatchObject({ waiting: 0, proofsWaiting: 0, allConfirmed: true });
    await sameAsServer(engine, server);
    return first.points();
  }

  it('P31 loses nothing, at whichever point', async () => {
    const points = await killedAt(Infinity);
    expect(points).toBeGreaterThan(15);
    for (let at = 1; at <= points; at += 1) await killedAt(at);
  }, 20_000);
});
