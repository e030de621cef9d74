/**
 * Room kept free for what a courier records. When the storage is full it is given away piece by piece, for work and for nothing
 * else: photos, pulled rows and maps meet the full storage first (P13). Opening and drawing the app alone takes some 50 kB, so that
 * without it a phone could be full before the first sign-off.
 *
 * It lies in the Cache Storage because what is deleted there is free at once; IndexedDB gives room back only when it tidies up. It
 * is made of chance, so that no file system packs it into nothing.
 */
import type { Platform } from '../platform';

const NAME = 'doorstep-reserve';
const PIECES = 8;
/** A sign-off with its signature is a few kB; crypto gives no more than 64 KiB at once. */
const PIECE_BYTES = 40_960;

type Reserve = NonNullable<Platform['storage']['reserve']>;

/** Undefined where there is no Cache Storage: a page that did not come over https. */
export function browserReserve(store: CacheStorage | undefined = globalThis.caches): Reserve | undefined {
  if (!store) return undefined;
  let whole = false;
  return {
    async fill() {
      if (whole) return;
      const cache = await store.open(NAME);
      for (let piece = (await cache.keys()).length; piece < PIECES; piece += 1) {
        await cache.put(
          `/reserve/${Date.now()}-${piece}`,
          new Response(crypto.getRandomValues(new Uint8Array(PIECE_BYTES))),
        );
      }
      whole = true;
    },
    async left() {
      if (whole || !(await store.has(NAME))) return 'all';
      const { length } = await (await store.open(NAME)).keys();
      if (length >= PIECES) return 'all';
      return length > 0 ? 'some' : 'none';
    },
    async give() {
      whole = false;
      const cache = await store.open(NAME);
      const [piece] = await cache.keys();
      return piece !== undefined && (await cache.delete(piece));
    },
  };
}
