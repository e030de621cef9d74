import { describe, expect, it } from 'vitest';

import { browserReserve } from '../../../pwa/device/reserve';

/** A Cache Storage with room for so many pieces. */
function storage(room: number) {
  const kept = new Map<string, number>();
  const cache = {
    keys: () => Promise.resolve([...kept.keys()]),
    put: async (key: string, response: Response) => {
      if (kept.size >= room) throw new DOMException('full', 'QuotaExceededError');
      kept.set(key, (await response.arrayBuffer()).byteLength);
    },
    delete: (key: string) => Promise.resolve(kept.delete(key)),
  };
  let opened = false;
  const store = {
    open: () => Promise.resolve(((opened = true), cache)),
    has: () => Promise.resolve(opened),
  } as unknown as CacheStorage;
  return { kept, store };
}

describe('room kept for work', () => {
  it('P13 is some 300 kB, given away piece by piece and filled up again', async () => {
    const { kept, store } = storage(Infinity);
    const reserve = browserReserve(store);
    expect(await reserve?.left()).toBe('all');
    await reserve?.fill();
    expect(await reserve?.left()).toBe('all');
    const sum = (): number => [...kept.values()].reduce((all, one) => all + one, 0);
    expect(sum()).toBeGreaterThan(300_000);
    const pieces = kept.size;
    expect([await reserve?.give(), await reserve?.give()]).toEqual([true, true]);
    expect(kept.size).toBe(pieces - 2);
    expect(await reserve?.left()).toBe('some');
    // Another start of the app knows it as well.
    expect(await browserReserve(store)?.left()).toBe('some');
    await reserve?.fill();
    expect(await reserve?.left()).toBe('all');
    expect(kept.size).toBe(pieces);
    for (let piece = 0; piece < pieces; piece += 1) expect(await reserve?.give()).toBe(true);
    expect(await reserve?.give()).toBe(false);
    expect(await reserve?.left()).toBe('none');
  });

  it('P13 takes what there is of it where there is less, and asks again later', async () => {
    const { kept, store } = storage(3);
    const reserve = browserReserve(store);
    await expect(reserve?.fill()).rejects.toThrow();
    await expect(reserve?.fill()).rejects.toThrow();
    expect(kept.size).toBe(3);
    expect(await reserve?.left()).toBe('some');
    expect(browserReserve(undefined)).toBeUndefined();
  });
});
