import { describe, expect, it } from 'vitest';

import type { SubmitError } from '../../../pwa/engine';
import { type Draft, type Envelope } from '../../../pwa/engine';
import { bodyHash } from '../../../sync/ts/canonical';
import { delivered, noted, paid, PNG, rig, scanned } from '../fakes';

async function loaded(options: { cod?: number } = {}) {
  const made = await rig();
  const task = made.server.task('SF100', options);
  await made.engine.sync();
  return { ...made, task };
}

const codes = (promise: Promise<unknown>): Promise<string[]> =>
  promise.then(
    () => [],
    (error: unknown) => (error as SubmitError).problems.map((problem) => problem.code),
  );

describe('submit', () => {
  it('P4 P7 chains operations by seq and by the hash of the one before', async () => {
    const { engine, task } = await loaded();
    const saved = [
      ...(await engine.submit([scanned('SF100')])),
      ...(await engine.submit([noted(task, 'gate 3'), noted(task, 'gate 4')])),
    ] as [Envelope, Envelope, Envelope];
    expect(saved.map((envelope) => envelope.seq)).toEqual([1, 2, 3]);
    expect(saved.map((envelope) => envelope.prev)).toEqual([null, bodyHash(saved[0]), bodyHash(saved[1])]);
    expect(new Set(saved.map((envelope) => envelope.incarnation)).size).toBe(1);
    expect((await engine.outbox()).map((item) => item.state)).toEqual(['saved', 'saved', 'saved']);
  });

  it("P9 shows the effect at once, over the server's row", async () => {
    const { engine, task } = await loaded();
    await engine.submit([delivered(task)]);
    const view = await engine.task(task);
    expect([view?.task.status, view?.state, view?.rev]).toEqual(['delivered', 'saved', 1]);
  });

  it('two tabs submitting at once never take the same seq', async () => {
    const { engine, again, task } = await loaded();
    const tab = await again();
    const drafts = Array.from({ length: 20 }, (_, i) => (i % 2 ? tab : engine).submit([noted(task, `n${i}`)]));
    const seqs = (await Promise.all(drafts)).flat().map((envelope) => envelope.seq as number);
    expect(seqs.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const outcome = await engine.sync();
    expect(outcome).toMatchObject({ ok: true, pushed: 20 });
    expect((await engine.outbox()).length).toBe(0);
  });

  it('stores nothing of a submit with one senseless draft', async () => {
    const { engine, task } = await loaded();
    const bad = { ...noted(task, 'x'), payload: { text: 7 } } as Draft;
    expect(await codes(engine.submit([noted(task, 'good'), bad]))).toEqual(['invalid_payload']);
    expect((await engine.outbox()).length).toBe(0);
    expect((await engine.status()).recorded).toBe(0);
  });

  it('P5 refuses a float before it can break a hash', async () => {
    const { engine, task } = await loaded({ cod: 100 });
    expect(await codes(engine.submit([paid(task, 9.5)]))).toEqual(['out_of_range']);
  });

  it('refuses what only a desk may write', async () => {
    const { engine, task } = await loaded();
    const draft: Draft = { type: 'task.cancelled', entity: `task:${task}`, payload: { reason: 'no' } };
    expect(await codes(engine.submit([draft]))).toEqual(['forbidden']);
  });

  it('refuses a sign-off while money is due', async () => {
    const { engine, task } = await loaded({ cod: 12_300 });
    expect(await codes(engine.submit([delivered(task)]))).toEqual(['cod_unsettled']);
    expect((await engine.status()).recorded).toBe(0);
  });

  it('lets a sign-off through that pays, and puts the money first', async () => {
    const { engine, server, task } = await loaded({ cod: 12_300 });
    const saved = await engine.submit([delivered(task), paid(task, 12_300)]);
    expect(saved.map((envelope) => envelope.type)).toEqual(['payment.collected', 'task.delivered']);
    await engine.sync();
    expect(server.taskRecord(task).status).toBe('delivered');
    expect((await engine.outbox()).length).toBe(0);
  });

  it('remembers money taken by an earlier submit that is still unsent', async () => {
    const { engine, task } = await loaded({ cod: 500 });
    await engine.submit([paid(task, 500)]);
    await expect(engine.submit([delivered(task)])).resolves.toHaveLength(1);
  });

  it('puts the hash of a blob where the draft names it by number', async () => {
    const { engine, platform, task } = await loaded();
    const sha = await platform.hash(PNG);
    const [envelope] = await engine.submit(
      [delivered(task, { signature: 'blob:0', photos: [] })],
      [{ bytes: PNG, type: 'image/png', kind: 'signature' }],
    );
    expect(envelope?.payload['signature']).toBe(sha);
    expect(envelope?.blobs).toEqual([sha]);
    expect((await engine.outbox())[0]?.proofsWaiting).toBe(1);
  });

  it('refuses a proof nobody has, of another kind, or that is not what it says', async () => {
    const { engine, task } = await loaded();
    const sha = 'a'.repeat(64);
    expect(await codes(engine.submit([delivered(task, { signature: sha })]))).toEqual(['blob_unknown']);
    const svg = { bytes: PNG, type: 'image/svg+xml' };
    expect(await codes(engine.submit([delivered(task)], [svg]))).toEqual(['blob_type']);
    const wrong = { bytes: PNG, type: 'image/png', sha256: sha };
    expect(await codes(engine.submit([delivered(task, { signature: sha })], [wrong]))).toEqual(['blob_mismatch']);
  });

  it('P13 a full disk refuses visibly and keeps what was there', async () => {
    const { engine, platform, task } = await loaded();
    await engine.submit([noted(task, 'before')]);
    const real = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function put(this: IDBObjectStore, ...args: [unknown]) {
      const request = real.apply(this, args);
      const { transaction } = this as unknown as { transaction: { _abort(name: string): void } };
      if (this.name === 'bytes') queueMicrotask(() => transaction._abort('QuotaExceededError'));
      return request;
    };
    try {
      const draft = delivered(task, { photos: [await platform.hash(PNG)] });
      expect(await codes(engine.submit([draft], [{ bytes: PNG, type: 'image/png' }]))).toEqual(['quota']);
    } finally {
      IDBObjectStore.prototype.put = real;
    }
    expect((await engine.outbox()).map((item) => item.type)).toEqual(['task.noted']);
    await expect(engine.submit([delivered(task)])).resolves.toMatchObject([{ seq: 2 }]);
  });

  it('says nothing before this handheld is enrolled', async () => {
    const { engine } = await rig(() => ({}), false);
    expect(await codes(engine.submit([scanned('SF1')]))).toEqual(['not_enrolled']);
  });
});
