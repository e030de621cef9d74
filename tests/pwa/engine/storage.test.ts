/** Storage that may be evicted, and a disk that is full (P13). */
import { afterEach, describe, expect, it } from 'vitest';

import { StoreError } from '../../../pwa/store';
import type { SubmitError } from '../../../pwa/engine';
import { codeOf } from '../../../pwa/engine/backoff';
import { noted, NOW, rig, STATION } from '../fakes';

const real = IDBObjectStore.prototype.put;
afterEach(() => {
  IDBObjectStore.prototype.put = real;
});

/** From now on nothing can be written to these stores. */
function fill(...stores: string[]): void {
  IDBObjectStore.prototype.put = function put(this: IDBObjectStore, ...args: [unknown]) {
    const request = real.apply(this, args);
    const { transaction } = this as unknown as { transaction: { _abort(name: string): void } };
    if (stores.includes(this.name)) queueMicrotask(() => transaction._abort('QuotaExceededError'));
    return request;
  };
}

/** From now on one transaction in so many meets a full disk, at any of its writes; counts them. */
function fillsNow(part: number): { count: number } {
  const doomed = { count: 0 };
  const met = new WeakSet<object>();
  let state = 7;
  IDBObjectStore.prototype.put = function put(this: IDBObjectStore, ...args: [unknown]) {
    const request = real.apply(this, args);
    const { transaction } = this as unknown as { transaction: { _abort(name: string): void } };
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    if (state / 2_147_483_648 < part && !met.has(transaction)) {
      met.add(transaction);
      doomed.count++;
      queueMicrotask(() => transaction._abort('QuotaExceededError'));
    }
    return request;
  };
  return doomed;
}

const shift = (engine: { newId(): string }) => ({
  type: 'shift.started' as const,
  entity: `shift:${engine.newId()}`,
  payload: { station: STATION.id, tasks: 1 },
});

describe('storage for good', () => {
  it('P13 is asked for at enrolment and when a shift begins, until the browser has agreed, and the answer is shown', async () => {
    const answers = [false, false, true];
    let asked = 0;
    const { engine } = await rig((platform) => ({
      storage: { ...platform.storage, persist: () => Promise.resolve(answers[asked++] ?? true) },
    }));
    expect([asked, (await engine.status()).persisted]).toEqual([1, false]);
    for (const persisted of [false, true, true]) {
      await engine.submit([shift(engine)]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await engine.status()).persisted).toBe(persisted);
    }
    expect(asked).toBe(3);
  });

  it('P13 says that nobody was asked where a browser cannot be', async () => {
    const { engine } = await rig();
    expect((await engine.status()).persisted).toBeNull();
  });

  it('P13 a browser that fails to answer has not agreed', async () => {
    const { engine } = await rig((platform) => ({
      storage: { ...platform.storage, persist: () => Promise.reject(new Error('not now')) },
    }));
    expect((await engine.status()).persisted).toBe(false);
  });
});

describe('a full disk', () => {
  it('P13 is said, loses nothing, and does not end the syncing', async () => {
    const { engine, server } = await rig();
    const task = server.task('SF1');
    await engine.sync();
    await engine.submit([noted(task, 'kept')]);
    fill('results', 'rows', 'staging', 'meta');
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'error', code: 'quota' });
    expect(await engine.status()).toMatchObject({ code: 'quota', waiting: 1 });
    expect((await engine.status()).nextTry).toBeGreaterThan(NOW);
    expect(await engine.sync()).toMatchObject({ ok: false, code: 'quota' });
    IDBObjectStore.prototype.put = real;
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(await engine.status()).toMatchObject({ code: null, waiting: 0, allConfirmed: true, nextTry: null });
    expect(server.operations.map((op) => op.payload['text'])).toEqual(['kept']);
  });

  it('P13 gives work the room kept for it, piece by piece, and a photo none of it', async () => {
    let [pieces, filled] = [3, 0];
    const reserve = {
      fill: () => Promise.resolve(void filled++),
      give: () => Promise.resolve(pieces > 0 && (pieces -= 1) >= 0),
      left: () => Promise.resolve(pieces === 3 ? ('all' as const) : pieces > 0 ? ('some' as const) : ('none' as const)),
    };
    const { engine, server, platform } = await rig((own) => ({ storage: { ...own.storage, reserve } }));
    const task = server.task('SF1');
    await engine.sync();
    expect(filled).toBe(1);
    expect(await engine.status()).toMatchObject({ room: 'all' });
    const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1);
    const payload = { reason: 'NOT_HOME', note: 'x', photos: [await platform.hash(bytes)] };
    fill('meta');
    const photo = engine.submit(
      [{ type: 'task.attempt_failed', entity: `task:${task}`, payload }],
      [{ bytes, type: 'image/png' }],
    );
    await expect(photo).rejects.toMatchObject({ problems: [{ code: 'quota' }] });
    expect(pieces).toBe(3);
    // Two pieces of it are not enough.
    const { give } = reserve;
    reserve.give = () => {
      if (pieces === 1) IDBObjectStore.prototype.put = real;
      return give();
    };
    await engine.submit([noted(task, 'kept')]);
    expect(pieces).toBe(0);
    // The courier is told, until the room is there again.
    expect(await engine.status()).toMatchObject({ room: 'some' });
    pieces = 3;
    await engine.sync();
    expect(await engine.status()).toMatchObject({ room: 'all' });
    pieces = 0;
    fill('meta');
    await expect(engine.submit([noted(task, 'too much')])).rejects.toMatchObject({ problems: [{ code: 'quota' }] });
    expect(await engine.status()).toMatchObject({ room: 'none' });
    IDBObjectStore.prototype.put = real;
    await engine.submit([noted(task, 'again')]);
    expect(await engine.status()).toMatchObject({ room: 'some' });
  });

  it('F9 P13 drops none of 1,000 writes in silence, wherever in them it fills up', async () => {
    const { engine, server, platform } = await rig();
    const task = server.task('SF1');
    await engine.sync();
    const doomed = fillsNow(0.2);
    const kept: string[] = [];
    const refused: string[] = [];
    for (let write = 0; write < 1000; write++) {
      const text = `write ${write}`;
      const bytes = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, write >> 8, write & 255]);
      const photo = write % 3 === 0 ? [{ bytes, type: 'image/png' as const }] : [];
      const draft = photo.length
        ? {
            type: 'task.attempt_failed' as const,
            entity: `task:${task}`,
            payload: { reason: 'NOT_HOME', note: text, photos: [await platform.hash(bytes)] },
          }
        : noted(task, text);
      await engine.submit([draft], photo).then(
        () => kept.push(text),
        (error: SubmitError) => {
          expect(error.problems.map((problem) => problem.code)).toEqual(['quota']);
          refused.push(text);
        },
      );
    }
    IDBObjectStore.prototype.put = real;
    expect(refused.length).toBe(doomed.count);
    expect(refused.length).toBeGreaterThan(100);
    expect(kept.length + refused.length).toBe(1000);
    while ((await engine.status()).waiting > 0) await engine.sync();
    expect(server.operations.map(({ payload }) => payload['text'] ?? payload['note'])).toEqual(kept);
    // The chain has no hole where something was refused.
    expect(server.operations.map(({ seq }) => seq)).toEqual(kept.map((_text, index) => index + 1));
  }, 60_000);

  it('P13 has a name of its own among the reasons', () => {
    expect(codeOf(new StoreError('quota'))).toBe('quota');
  });
});
