/** What the simulator relies on inside fake-indexeddb: a new version of it has to pass here first. */
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';

import { change, forget, image, killed, progress, turnBack, value, values } from '../../../pwa/node/simulation-storage';

const NAME = 'storage';

/** Turns of the event loop until `done` says so: fake-indexeddb takes one for each step of its own. */
async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100 && !done(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(done()).toBe(true);
}

async function opened(factory = new IDBFactory()): Promise<{ factory: IDBFactory; db: IDBDatabase }> {
  const request = factory.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('rows', { keyPath: 'id' }).createIndex('by', 'n');
  };
  await until(() => request.readyState === 'done' && request.transaction === null);
  return { factory, db: request.result };
}

/** A transaction that puts a row in; `more` keeps it busy after that. */
function put(db: IDBDatabase, id: string, n: number, more = false): IDBTransaction {
  const tx = db.transaction(['rows'], 'readwrite', { durability: 'strict' });
  const rows = tx.objectStore('rows');
  rows.put({ id, n }).onsuccess = () => {
    if (more) [1, 2, 3].forEach(() => rows.get(id));
  };
  return tx;
}

async function filled(): Promise<{ factory: IDBFactory; db: IDBDatabase }> {
  const made = await opened();
  let over = false;
  put(made.db, 'a', 1).oncomplete = () => (over = true);
  await until(() => over);
  return made;
}

describe("the simulator's hold on storage", () => {
  it('reads at once', async () => {
    const { factory } = await filled();
    expect(values(factory, NAME, 'rows')).toEqual([{ id: 'a', n: 1 }]);
    expect(value(factory, NAME, 'rows', 'a')).toEqual({ id: 'a', n: 1 });
    expect(values(factory, NAME, 'nothing')).toEqual([]);
  });

  it('puts another value in the place of one, where there is one', async () => {
    const { factory, db } = await filled();
    change<{ id: string; n: number }>(factory, NAME, 'rows', 'a', (old) => ({ ...old, n: old.n + 1 }));
    change<{ id: string; n: number }>(factory, NAME, 'rows', 'b', (old) => old);
    const read = db.transaction(['rows'], 'readonly').objectStore('rows').get('a');
    await until(() => read.readyState === 'done');
    expect(read.result).toEqual({ id: 'a', n: 2 });
    expect(values(factory, NAME, 'rows')).toEqual([{ id: 'a', n: 2 }]);
  });

  it('undoes a write that had something left to do', async () => {
    const { factory, db } = await filled();
    put(db, 'a', 2, true);
    await until(() => progress(factory, NAME) === '1/0' && value<{ n: number }>(factory, NAME, 'rows', 'a')?.n === 2);
    const after = killed(factory, NAME, true);
    expect(after.halfDone).toBe(false);
    expect(values(after.factory, NAME, 'rows')).toEqual([{ id: 'a', n: 1 }]);
  });

  it.each([true, false])('lets a half done commit fall either way (kept: %s)', async (kept) => {
    const { factory, db } = await filled();
    put(db, 'b', 2);
    await until(() => progress(factory, NAME) === '1/1');
    const after = killed(factory, NAME, kept);
    expect(after.halfDone).toBe(true);
    expect(values(after.factory, NAME, 'rows')).toHaveLength(kept ? 2 : 1);
    const again = await opened(after.factory);
    const found = again.db.transaction(['rows']).objectStore('rows').index('by').getAllKeys();
    await until(() => found.readyState === 'done');
    expect(found.result).toEqual(kept ? ['a', 'b'] : ['a']);
  });

  it('comes back to a copy, indexes and all', async () => {
    const { factory, db } = await filled();
    const copy = image(factory, NAME);
    let over = false;
    put(db, 'b', 2).oncomplete = () => (over = true);
    await until(() => over);
    const { factory: closed } = killed(factory, NAME, false);
    turnBack(closed, NAME, copy);
    expect(values(closed, NAME, 'rows')).toEqual([{ id: 'a', n: 1 }]);
    forget(closed, NAME, 'rows', ['a']);
    expect(values(closed, NAME, 'rows')).toEqual([]);
  });

  it('leaves nothing of a database whose making was interrupted', async () => {
    const factory = new IDBFactory();
    const request = factory.open(NAME, 1);
    let made = false;
    request.onupgradeneeded = () => {
      request.result.createObjectStore('rows', { keyPath: 'id' });
      made = true;
    };
    await until(() => made);
    const after = killed(factory, NAME, false);
    expect(values(after.factory, NAME, 'rows')).toEqual([]);
    expect((await opened(after.factory)).db.objectStoreNames).toContain('rows');
  });
});
