/** What the handheld says of a shift is what the server said of each operation, whatever happened to either of them. */
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';

import { createEngine, type Draft, type Engine } from '../../../pwa/engine';
import { openDatabase, strict } from '../../../pwa/store';
import { delivered, noted, NOW, PNG, problem, rig, STATION } from '../fakes';

const SHIFT = 'shift:55555555-5555-4555-8555-555555555555';
const COUNTS = { recorded: 0, confirmed: 0, waiting: 0, cash_minor: 0 };
const started = (entity = SHIFT): Draft => ({
  type: 'shift.started',
  entity,
  payload: { station: STATION.id, tasks: 2 },
});
const closed = (entity = SHIFT): Draft => ({ type: 'shift.closed', entity, payload: COUNTS });
const photo = (mark: number) => ({ bytes: Uint8Array.from([...PNG, mark]), type: 'image/png' });

/** A shift that has begun, the server knowing of it, and two tasks. */
async function onShift() {
  const made = await rig();
  const tasks = [made.server.task('SF1'), made.server.task('SF2')] as [string, string];
  await made.engine.sync();
  await made.engine.submit([started()]);
  await made.engine.sync();
  return { ...made, tasks };
}

const counts = async (engine: Engine) => {
  const { recorded, confirmed, waiting, parked } = await engine.receipt();
  expect(confirmed + waiting + parked).toBe(recorded);
  return [recorded, confirmed, waiting, parked];
};
const named = async (engine: Engine) =>
  (await engine.receipt()).differences.map(({ kind, waybill, proofs }) => [kind, waybill, proofs]);

describe('the counts of a shift', () => {
  it('P32 move only when the server has answered for each operation', async () => {
    const { engine, server, tasks, platform } = await onShift();
    expect(await counts(engine)).toEqual([1, 1, 0, 0]);
    platform.setNow(NOW + 60_000);
    await engine.submit([delivered(tasks[0], { photos: ['blob:0'] })], [photo(1)]);
    await engine.submit([noted(tasks[1], 'x')]);
    expect(await counts(engine)).toEqual([3, 1, 2, 0]);
    expect(await named(engine)).toEqual([
      ['waiting', 'SF1', 1],
      ['waiting', 'SF2', 0],
    ]);
    expect((await engine.receipt()).differences[0]).toMatchObject({ type: 'task.delivered', at: NOW + 60_000 });
    // It has committed them; that nobody has said so yet is what counts.
    server.beforeAnswer = () => {
      throw new Error('the answer is lost');
    };
    await engine.sync();
    expect(server.operations).toHaveLength(3);
    expect(await counts(engine)).toEqual([3, 1, 2, 0]);
    server.beforeAnswer = () => undefined;
    server.intercept = ({ path }) => (path.includes('/blobs/') ? problem(503, 'unavailable') : null);
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    expect(await named(engine)).toEqual([['proofs', 'SF1', 1]]);
    server.intercept = () => null;
    await engine.sync();
    expect(await engine.receipt()).toMatchObject({ since: NOW, recorded: 3, confirmed: 3, differences: [] });
  });

  it('P32 are of the newest shift, and name what was left over from before', async () => {
    const { engine, server, tasks } = await onShift();
    await engine.submit([noted(tasks[0], 'x'), closed()]);
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    server.intercept = () => problem(503, 'unavailable');
    await engine.submit([noted(tasks[1], 'after hours')]);
    await engine.submit([started('shift:66666666-6666-4666-8666-666666666666')]);
    await engine.submit([noted(tasks[0], 'y')]);
    expect(await counts(engine)).toEqual([2, 0, 2, 0]);
    expect((await engine.receipt()).differences.map((one) => one.earlier)).toEqual([true, false, false]);
  });

  it('P32 hold when the clock is set back in the middle', async () => {
    const { engine, tasks, platform } = await onShift();
    platform.setNow(NOW - 86_400_000, NOW);
    await engine.submit([noted(tasks[0], 'x')]);
    expect(await counts(engine)).toEqual([2, 1, 1, 0]);
  });

  it('P32 say nothing of a shift that this storage does not know', async () => {
    const { server, platform, engine, tasks } = await onShift();
    await engine.submit([noted(tasks[0], 'x')]);
    engine.close();
    server.codes.set('AGAIN', { user: server.user, device: '77777777-7777-4777-8777-777777777777' });
    const evicted = { ...platform, storage: { factory: new IDBFactory(), name: 'test' } };
    const again = await createEngine(evicted, { baseUrl: '', app: 'test' });
    await again.enrol('AGAIN');
    await again.sync();
    expect(await again.receipt()).toEqual({
      since: null,
      recorded: 0,
      confirmed: 0,
      waiting: 0,
      parked: 0,
      differences: [],
    });
  });
});

describe('a server or a storage that goes back', () => {
  it('P32 what a restored server has forgotten is not confirmed any more, until it has it again', async () => {
    const { engine, server, tasks } = await onShift();
    const copy = server.copy();
    await engine.submit([noted(tasks[0], 'x'), noted(tasks[1], 'y')]);
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    server.restore(copy, 'e2');
    let exchanges = 0;
    server.intercept = ({ path }) =>
      path.endsWith('exchange') && (exchanges += 1) > 1 ? problem(503, 'unavailable') : null;
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 1, 2, 0]);
    expect(await named(engine)).toEqual([
      ['waiting', 'SF1', 0],
      ['waiting', 'SF2', 0],
    ]);
    server.intercept = () => null;
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
  });

  it('P32 what it has forgotten of the shift before is named as well', async () => {
    const { engine, server, tasks } = await onShift();
    const copy = server.copy();
    await engine.submit([noted(tasks[0], 'x'), closed()]);
    await engine.sync();
    await engine.submit([started('shift:66666666-6666-4666-8666-666666666666')]);
    await engine.sync();
    server.restore(copy, 'e2');
    let exchanges = 0;
    server.intercept = ({ path }) =>
      path.endsWith('exchange') && (exchanges += 1) > 1 ? problem(503, 'unavailable') : null;
    await engine.sync();
    expect((await engine.receipt()).differences.map(({ type, earlier }) => [type, earlier])).toEqual([
      ['task.noted', true],
      ['shift.closed', true],
      ['shift.started', false],
    ]);
  });

  it('P32 a new incarnation keeps the counts, and "all confirmed" waits until the former ones are offered', async () => {
    const { engine, server, tasks, platform } = await onShift();
    await engine.submit([noted(tasks[0], 'of the first chain')]);
    await engine.sync();
    // The server holds something else at the next place: this chain cannot go on.
    const chain = [...server.ledger.values()][0] ?? [];
    const other = structuredClone(chain[1]) as (typeof chain)[number];
    chain.push({ ...other, result: { ...other.result, seq: 3 } });
    await engine.submit([noted(tasks[1], 'of the second')]);
    await engine.sync();
    await engine.sync();
    expect(server.ledger.size).toBe(2);
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    expect(await engine.status()).toMatchObject({ recorded: 1, confirmed: 1, allConfirmed: true });

    server.restore({ ...server.copy(), ledger: new Map([...server.ledger].slice(1)) }, 'e2');
    let exchanges = 0;
    server.intercept = ({ path }) =>
      path.endsWith('exchange') && (exchanges += 1) > 1 ? problem(503, 'unavailable') : null;
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 1, 2, 0]);
    expect(await engine.status()).toMatchObject({ allConfirmed: false });
    server.intercept = () => null;
    platform.setNow(NOW + 1_000);
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    expect(await engine.status()).toMatchObject({ allConfirmed: true });
  });
});

describe('what is confirmed and yet no match', () => {
  it('P32 an operation the server cannot read is not called confirmed', async () => {
    const { engine, server, tasks } = await onShift();
    server.intercept = ({ body }) => (Buffer.from(body ?? []).includes('bad') ? problem(400, 'unreadable') : null);
    await engine.submit([noted(tasks[0], 'bad')]);
    await engine.sync();
    expect(server.operations).toHaveLength(2);
    expect(await counts(engine)).toEqual([2, 1, 0, 1]);
    expect(await named(engine)).toEqual([['parked', 'SF1', 0]]);
  });

  it('P32 what was kept apart and proofs that cannot be sent are named', async () => {
    const { engine, server, tasks, platform } = await onShift();
    await engine.submit([delivered(tasks[0], { photos: ['blob:0', 'blob:1'] })], [photo(1), photo(2)]);
    const db = await openDatabase(platform.storage.factory, 'test');
    const sha = await platform.hash(photo(2).bytes);
    await strict(db, ['bytes'], (tx) => tx.objectStore('bytes').delete(sha));
    db.close();
    await engine.sync();
    expect(await named(engine)).toEqual([['proofs_lost', 'SF1', 1]]);
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      const answer = await real(request);
      if (!request.path.endsWith('exchange')) return answer;
      const said = JSON.parse(Buffer.from(answer.body).toString()) as { results: { status: string; code: string }[] };
      said.results.forEach((result) => Object.assign(result, { status: 'quarantined', code: 'forbidden' }));
      return { ...answer, body: new Uint8Array(Buffer.from(JSON.stringify(said))) };
    };
    await engine.submit([noted(tasks[1], 'x')]);
    await engine.sync();
    expect(await counts(engine)).toEqual([3, 3, 0, 0]);
    expect(await named(engine)).toEqual([
      ['proofs_lost', 'SF1', 1],
      ['apart', 'SF2', 0],
    ]);
  });
});
