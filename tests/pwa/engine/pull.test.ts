import { describe, expect, it, vi } from 'vitest';

import { createEngine } from '../../../pwa/engine';
import { delivered, DEVICE, json, noted, NOW, PNG, rig, scanned, STATION } from '../fakes';

async function loaded(waybill = 'SF100') {
  const made = await rig();
  const task = made.server.task(waybill);
  await made.engine.sync();
  return { ...made, task };
}

const exchanges = (requests: { path: string; body: Record<string, unknown> | null }[]) =>
  requests.filter((request) => request.path === '/api/v1/exchange').map((request) => request.body as never as Body);

interface Body {
  push: { from_seq: number; operations: Record<string, unknown>[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
}

describe('pulling', () => {
  it('lists tasks by sequence and window', async () => {
    const { engine, server } = await rig();
    const [late, first, second] = ['A1', 'A2', 'A3'].map((waybill, i) =>
      server.task(waybill, i ? { sequence: i } : {}),
    );
    await engine.sync();
    expect((await engine.today()).map((view) => view.task.id)).toEqual([first, second, late]);
  });

  it('P26 pages from a pinned ceiling become visible together with the cursor', async () => {
    const { engine, server } = await rig();
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.pageLimit = 10;
    server.requests.length = 0;
    const seen: number[] = [];
    server.beforeAnswer = () => {
      // A change that comes in while pages are fetched lies beyond the ceiling.
      if (exchanges(server.requests).length === 2) server.task('LATE');
    };
    server.intercept = (request) => {
      if (request.path === '/api/v1/exchange') void engine.today().then((views) => seen.push(views.length));
      return null;
    };
    await engine.sync();
    const bodies = exchanges(server.requests);
    expect(bodies).toHaveLength(3);
    expect(bodies[0]?.ceilings).toEqual({});
    expect(new Set(bodies.slice(1).map((body) => Object.values(body.ceilings)[0])).size).toBe(1);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(await engine.today()).toHaveLength(25);
    await engine.sync();
    expect(await engine.today()).toHaveLength(26);
  });

  it('P26 a pull cut off between pages shows nothing of it and starts again', async () => {
    const { engine, server } = await rig();
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.pageLimit = 10;
    server.beforeAnswer = () => {
      if (exchanges(server.requests).length === 2) throw new Error('gone');
    };
    expect(await engine.sync()).toMatchObject({ ok: false });
    expect(await engine.today()).toHaveLength(0);
    server.beforeAnswer = () => undefined;
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(await engine.today()).toHaveLength(25);
  });

  it('P27 an overlay drops only when the pulled version covers it', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task)]);
    const real = server.handle.bind(server);
    // A server whose answer holds the result but, for once, no rows.
    server.handle = async (request) => {
      const answer = await real(request);
      if (request.path !== '/api/v1/exchange') return answer;
      const body = JSON.parse(Buffer.from(answer.body).toString()) as { pull: { scopes: unknown[] } };
      body.pull.scopes = [];
      return json(200, body);
    };
    await engine.sync();
    expect((await engine.outbox()).map((item) => item.state)).toEqual(['confirmed']);
    expect((await engine.task(task))?.task.status).toBe('delivered');
    server.handle = real;
    await engine.sync();
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.task(task))?.task.status).toBe('delivered');
  });

  it('P28 a removal hides the task and keeps what waits', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(
      [noted(task, 'a'), delivered(task, { signature: 'blob:0' })],
      [{ bytes: PNG, type: 'image/png' }],
    );
    server.reassign(task, DEVICE);
    // The push is refused for now, the pull is not: the removal arrives first.
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      const body = Buffer.from(request.body ?? []);
      const plain = { ...request, headers: { ...request.headers, 'content-encoding': '' } };
      if (request.path !== '/api/v1/exchange' || body.length === 0) return real(request);
      const text = request.headers['content-encoding'] === 'gzip' ? (await import('node:zlib')).gunzipSync(body) : body;
      const frame = { ...(JSON.parse(text.toString()) as object), push: null };
      return real({ ...plain, body: new Uint8Array(Buffer.from(JSON.stringify(frame))) });
    };
    await engine.sync();
    expect(await engine.today()).toEqual([]);
    expect((await engine.status()).hidden).toEqual([{ id: task, waybill: 'SF100', reason: 'reassigned', waiting: 3 }]);
    expect((await engine.task(task))?.customer).toMatchObject({ name: '', phone: '' });
    server.handle = real;
    await engine.sync();
    expect((await engine.status()).hidden).toEqual([]);
    expect(server.operations.map((op) => op.type)).toEqual(['task.noted', 'task.delivered']);
    expect(server.taskRecord(task).status).toBe('delivered');
    expect(await engine.outbox()).toMatchObject([{ type: 'task.delivered', state: 'needs_you', status: 'conflict' }]);
  });

  it('P29 P31 a new epoch rebuilds the mirror and offers the journal again', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'a')]);
    await engine.sync();
    server.epoch = 'e2';
    server.ledger.clear();
    server.opIds.clear();
    server.board[`task:${task}`] = { ...server.taskRecord(task), notes: [] };
    await engine.sync();
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(['a']);
    expect((await engine.today()).map((view) => view.task.notes.length)).toEqual([1]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it('P18 a deferred operation stays laid over until a notice settles it', async () => {
    const { engine, server } = await rig();
    await engine.sync();
    const { derive } = await import('../../../sync/ts/canonical');
    const task = derive('task', 'pickup', 'SF900');
    const payload = { pieces: 2, weight_g: null, photos: [], waybill: 'SF900' };
    const [envelope] = await engine.submit([{ type: 'task.picked_up', entity: `task:${task}`, payload }]);
    await engine.sync();
    expect(await engine.outbox()).toMatchObject([{ state: 'confirmed', status: 'deferred', code: 'awaiting_entity' }]);
    expect((await engine.today())[0]).toMatchObject({
      unlisted: true,
      task: { status: 'picked_up' },
      parcel: { waybill: 'SF900' },
    });
    const id = '55555555-5555-4555-8555-555555555555';
    const common = {
      conflict: null,
      task,
      waybill: 'SF900',
      outcome: null,
      reason: null,
      case_kind: null,
      by_name: null,
    };
    server.notice({ ...common, id, kind: 'settled', op_id: envelope?.op_id ?? '', status: 'applied', at: NOW });
    await engine.sync();
    expect(await engine.outbox()).toEqual([]);
  });

  it('P22 shows notices until they were seen', async () => {
    const { engine, server } = await rig();
    const id = '55555555-5555-4555-8555-555555555555';
    const op = '66666666-6666-4666-8666-666666666666';
    const common = {
      conflict: id,
      task: null,
      waybill: 'SF1',
      reason: 'call',
      case_kind: 'cancelled',
      by_name: 'Chen',
    };
    server.notice({ ...common, id, kind: 'decided', op_id: op, outcome: 'mine', status: null, at: NOW });
    await engine.sync();
    expect((await engine.status()).needsYou).toBe(1);
    expect(await engine.notices()).toMatchObject([{ id, kind: 'decided', outcome: 'mine', seen: false }]);
    await engine.markSeen(id);
    expect((await engine.status()).needsYou).toBe(0);
  });
});

describe('the manifest', () => {
  it('P24 is what was fetched last, by whatever tab, and is read from the disk once', async () => {
    const made = await rig();
    const { createHash } = await import('node:crypto');
    const listing = (code: string, at: number) => ({
      station: STATION.id,
      published_at: at,
      entries: [[createHash('sha256').update(code).digest('hex').slice(0, 16), 'B2', 0]] as [string, string, number][],
    });
    made.server.manifest = listing('SF7', NOW);
    await made.engine.sync();
    const tab = await createEngine(made.platform, { baseUrl: '', app: 'test' });
    expect(await tab.verdict('SF7')).toMatchObject({ verdict: 'other_route' });
    made.server.manifest = listing('SF8', NOW + 200_000);
    made.platform.setNow(NOW + 200_000);
    await made.engine.sync();
    const read = vi.spyOn(IDBObjectStore.prototype, 'get');
    const lists = (): string[] => (read.mock.contexts as IDBObjectStore[]).map(({ name }) => name);
    for (const code of ['SF8', 'SF9', 'SF8']) await tab.verdict(code);
    expect(lists().filter((name) => name === 'manifest')).toHaveLength(1);
    expect(await tab.verdict('SF7')).toMatchObject({ verdict: 'unknown' });
    expect(await tab.verdict('SF8')).toMatchObject({ verdict: 'other_route' });
    read.mockRestore();
    tab.close();
  });

  it('P24 answers for what is not on the own list, and nothing when it is too old', async () => {
    const made = await rig();
    const { createHash } = await import('node:crypto');
    const hash = (code: string) => createHash('sha256').update(code).digest('hex').slice(0, 16);
    made.server.manifest = {
      station: STATION.id,
      published_at: NOW,
      entries: [
        [hash('SF7'), 'B2', 0],
        [hash('SF8'), 'B2', 1],
      ],
    };
    const task = made.server.task('SF1');
    await made.engine.sync();
    expect(await made.engine.verdict(' sf-7 ')).toMatchObject({
      verdict: 'other_route',
      route: 'B2',
      waybill: 'SF7',
      manifest_age_ms: 0,
    });
    expect(await made.engine.verdict('SF8')).toMatchObject({ verdict: 'recalled' });
    expect(await made.engine.verdict('SF9')).toMatchObject({ verdict: 'unknown' });
    expect(await made.engine.verdict('SF1')).toMatchObject({ verdict: 'mine', task: { task: { id: task } } });
    await made.engine.submit([scanned('SF1')]);
    expect(await made.engine.verdict('SF1')).toMatchObject({ verdict: 'duplicate' });
    await made.engine.submit([delivered(task)]);
    expect(await made.engine.verdict('SF1')).toMatchObject({ verdict: 'signed' });
    made.platform.setNow(NOW + 13 * 3_600_000);
    const later = Object.assign(made.platform, { now: () => NOW + 13 * 3_600_000 });
    expect(later.now() - NOW).toBe(13 * 3_600_000);
    expect(await made.engine.verdict('SF7')).toMatchObject({ verdict: 'unknown' });
    // The same hour on a phone whose clock is fast by as much: the list is as new as the server says.
    await made.engine.sync();
    expect((await made.engine.status()).clockWrong).toBe(-13 * 3_600_000);
    expect(await made.engine.verdict('SF7')).toMatchObject({ verdict: 'other_route' });
    expect(await made.engine.verdict('SF8')).toMatchObject({ verdict: 'recalled' });
  });
});
