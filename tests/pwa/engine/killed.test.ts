/**
 * The app is killed at every point at which it waits for something: storage stays, memory and everything under way is gone. What
 * was called saved must be there afterwards, and must reach the server exactly once.
 */
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';

import { createEngine, type Engine, type Envelope } from '../../../pwa/engine';
import { delivered, FakeServer, noted, paid, PNG, scanned } from '../fakes';
import { life } from './life';

/** A short day; what the engine called saved is put into `saved`. */
async function day(engine: Engine, server: FakeServer, saved: Envelope[]): Promise<void> {
  if (!engine.identity()) await engine.enrol('CODE');
  const [first, second] = [server.task('SF1'), server.task('SF2', { cod: 700 })] as [string, string];
  await engine.sync();
  saved.push(...(await engine.submit([scanned('SF1')])));
  const signature = [{ bytes: PNG, type: 'image/png', kind: 'signature' as const }];
  saved.push(...(await engine.submit([delivered(first, { signature: 'blob:0' })], signature)));
  await engine.sync();
  saved.push(...(await engine.submit([paid(second, 700), delivered(second)])));
  saved.push(...(await engine.submit([noted(second, 'left the note')])));
  await engine.sync();
}

async function lengthOfDay(): Promise<number> {
  const server = new FakeServer();
  server.pageLimit = 1;
  const whole = life(server, new IDBFactory(), 'whole', Infinity);
  await day(await createEngine(whole.platform, { baseUrl: '', app: 'test' }), server, []);
  return whole.points();
}

/** Lives until the kill, then a second life on the same storage brings the day to its end. */
async function killedAt(at: number): Promise<{ saved: Envelope[]; server: FakeServer; engine: Engine }> {
  const server = new FakeServer();
  server.pageLimit = 1;
  const factory = new IDBFactory();
  const first = life(server, factory, 'first', at);
  const saved: Envelope[] = [];
  const lived = createEngine(first.platform, { baseUrl: '', app: 'test' })
    .then((engine) => day(engine, server, saved))
    .catch(() => undefined);
  await Promise.race([first.dead, lived]);
  // Transactions under way when the process died either commit or do not; both are settled before the next start.
  await new Promise((resolve) => setTimeout(resolve, 5));
  const second = life(server, factory, 'second', Infinity);
  const engine = await createEngine(second.platform, { baseUrl: '', app: 'test' });
  return { saved, server, engine };
}

describe('killed at every point', async () => {
  const points = await lengthOfDay();
  it('has many points', () => expect(points).toBeGreaterThan(60));

  it.each(Array.from({ length: points }, (_, i) => i + 1))('point %i', async (at) => {
    const { saved, server, engine } = await killedAt(at);
    if (!engine.identity()) {
      server.codes.set('AGAIN', {
        user: { id: '22222222-2222-4222-8222-222222222222', name: 'Li Wei', lang: 'zh' },
        device: '44444444-4444-4444-8444-444444444444',
      });
      await engine.enrol('AGAIN');
    }
    const ledger = () => new Set(server.operations.map((op) => op.op_id));
    const kept = new Set([...(await engine.outbox()).map((item) => item.op_id), ...ledger()]);
    expect(saved.filter((op) => !kept.has(op.op_id))).toEqual([]);
    expect(await engine.sync()).toMatchObject({ ok: true });
    const ids = server.operations.map((op) => op.op_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(saved.filter((op) => !ledger().has(op.op_id))).toEqual([]);
    expect(await engine.status()).toMatchObject({ waiting: 0, proofsWaiting: 0, allConfirmed: true });
    expect(await engine.outbox()).toEqual([]);
    for (const view of await engine.today()) expect(view.task).toEqual(server.taskRecord(view.task.id));
    const named = server.operations.flatMap((op) => op.blobs);
    expect(named.filter((sha) => !server.blobs.has(sha))).toEqual([]);
  });
});
