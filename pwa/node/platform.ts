/** A Platform without a machine: virtual time, seeded chance, storage in memory, real HTTP. One for each handheld. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'fflate';
import { IDBFactory } from 'fake-indexeddb';

import type { HttpAnswer, HttpRequest, Platform } from '../platform';

export interface VirtualPlatform extends Platform {
  /** Moves the wall clock, ms; the monotonic clock follows it, but never backwards. */
  setNow(ms: number): void;
  /** Without a network every request fails at once. */
  setOnline(online: boolean): void;
  log: Platform['log'];
}

export interface VirtualOptions {
  name: string;
  /** Any text; the same text gives the same chance. */
  seed: string;
  now: number;
  factory?: IDBFactory;
  onLog?: Platform['log'];
}

export function virtualPlatform({ name, seed, now: start, factory, onLog }: VirtualOptions): VirtualPlatform {
  const chance = generator(createHash('sha256').update(seed).digest().readUInt32LE());
  const random = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => chance() & 255);
  let now = start;
  let mono = 0;
  let online = true;
  return {
    now: () => now,
    mono: () => mono,
    boot: uuid(random(16)),
    random,
    hash: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    gzip: (bytes) => gzipSync(bytes, { mtime: 0 }),
    // Requests take real time; virtual time only passes between calls, so a time-out must be real as well.
    timers: {
      set: (ms, fn) => Number(setTimeout(fn, ms)),
      clear: (id) => clearTimeout(id),
    },
    fetch: (request) => (online ? overHttp(request) : Promise.reject(new Error('offline'))),
    locks: { run: queue() },
    storage: { factory: factory ?? new IDBFactory(), name },
    log: onLog ?? (() => undefined),
    failpoint: () => undefined,
    setNow(ms) {
      mono += Math.max(0, ms - now);
      now = ms;
    },
    setOnline(value) {
      online = value;
    },
  };
}

async function overHttp({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
  const response = await fetch(path, {
    method,
    headers,
    body: body as Uint8Array<ArrayBuffer> | null,
    redirect: 'error',
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** One at a time for each name, in order of asking: what Web Locks do. */
export function queue(): Platform['locks']['run'] {
  const tails = new Map<string, Promise<unknown>>();
  return <T>(name: string, fn: () => Promise<T>): Promise<T> => {
    const run = (tails.get(name) ?? Promise.resolve()).then(fn, fn);
    tails.set(name, run);
    return run;
  };
}

/** mulberry32: small, and the same numbers for the same seed everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function uuid(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
