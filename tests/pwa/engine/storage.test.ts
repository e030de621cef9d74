/** Storage that may be evicted, and a disk that is full (P13). */
import { afterEach, describe, expect, it } from 'vitest';

import { StoreError } from '../../../pwa/store';
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

  it('P13 has a name of its own among the reasons', () => {
    expect(codeOf(new StoreError('quota'))).toBe('quota');
  });
});
