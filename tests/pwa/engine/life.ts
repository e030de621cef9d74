/** An app that dies at a chosen point of its life. Storage stays; memory and everything under way is gone. */
import { afterAll } from 'vitest';

import type { Platform } from '../../../pwa/engine';
import { virtualPlatform } from '../../../pwa/node/platform';
import { NOW, type FakeServer } from '../fakes';

/** Never settles: the process that waited for it is gone. */
const GONE = new Promise<never>(() => undefined);

const TRANSACTION = IDBDatabase.prototype.transaction;
afterAll(() => {
  IDBDatabase.prototype.transaction = TRANSACTION;
});

export interface Life {
  platform: Platform;
  /** Points passed so far. */
  points(): number;
  dead: Promise<'killed'>;
}

/** A platform that dies at its `at`-th point: before or after a request, at a failpoint, while hashing or packing. */
export function life(server: FakeServer, factory: IDBFactory, seed: string, at: number): Life {
  let passed = 0;
  let die: (word: 'killed') => void = () => undefined;
  const dead = new Promise<'killed'>((resolve) => (die = resolve));
  const isOver = (): boolean => {
    passed += 1;
    if (passed >= at) die('killed');
    return passed >= at;
  };
  const base = virtualPlatform({ name: 'test', seed, now: NOW, factory });
  const point = async <T>(work: () => Promise<T> | T): Promise<T> => {
    if (isOver()) return GONE;
    const value = await work();
    return isOver() ? GONE : value;
  };
  // Every write is a point too: the process may die between any two transactions.
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args) {
    if (args[1] === 'readwrite' && isOver()) throw new Error('killed');
    return TRANSACTION.apply(this, args);
  };
  const platform: Platform = {
    ...base,
    hash: (bytes) => point(() => base.hash(bytes)),
    gzip: (bytes) => point(() => base.gzip(bytes)),
    fetch: (request) => point(() => server.handle(request)),
    failpoint: () => {
      if (isOver()) throw new Error('killed');
    },
  };
  return { platform, points: () => passed, dead };
}
