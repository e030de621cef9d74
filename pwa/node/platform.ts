/** A Platform without a machine: virtual time, seeded chance, storage in memory, real HTTP. One for each handheld. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'fflate';
import { IDBFactory } from 'fake-indexeddb';

import type { Fix, HttpAnswer, HttpRequest, Platform } from '../platform';

export interface VirtualPlatform extends Platform {
  /**
   * Moves the wall clock, ms. The monotonic clock runs with `elapsing`, the time that really passes, and never backwards;
   * the two differ when somebody sets the clock.
   */
  setNow(ms: number, elapsing?: number): void;
  /** Without a network every request fails at once. */
  setOnline(online: boolean): void;
  /** Where it is from now on; null when it cannot know. */
  place(at: Omit<Fix, 'age_ms'> | null): void;
  /** The process is killed at this failpoint, or now: nothing of it goes on, no answer reaches it. */
  kill(at?: string): void;
  readonly dead: boolean;
  /** The same handheld started anew: its storage and network, another boot. */
  reborn(): VirtualPlatform;
  log: Platform['log'];
}

export class Killed extends Error {}

export interface VirtualOptions {
  name: string;
  /** Any text; the same text gives the same chance. */
  seed: string;
  now: number;
  factory?: IDBFactory;
  online?: boolean;
  /** Where it is; nowhere it knows of by default. */
  here?: Omit<Fix, 'age_ms'> | null;
  /** How often it has been started before. */
  starts?: number;
  onLog?: Platform['log'];
}

export function virtualPlatform(options: VirtualOptions): VirtualPlatform {
  const { name, seed, starts = 0, onLog } = options;
  const factory = options.factory ?? new IDBFactory();
  const lot = starts === 0 ? seed : `${seed}#${starts}`;
  const chance = generator(createHash('sha256').update(lot).digest().readUInt32LE());
  const random = (n: number): Uint8Array => Uint8Array.from({ length: n }, () => chance() & 255);
  let now = options.now;
  let passed: number | null = null;
  let mono = 0;
  let online = options.online ?? true;
  let dead = false;
  let deadly: string | null = null;
  let watched = false;
  let here = options.here ?? null;
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
    fetch: async (request) => {
      if (!online) throw new Error('offline');
      const answer = dead ? null : await overHttp(request);
      return answer === null || dead ? new Promise(() => undefined) : answer;
    },
    locks: { run: queue() },
    storage: { factory, name },
    location: {
      watch: (on) => (watched = on),
      last: () => (watched && here ? { ...here, age_ms: 0 } : null),
    },
    log: onLog ?? (() => undefined),
    failpoint(point) {
      if (point === deadly) dead = true;
      if (dead) throw new Killed(point);
    },
    setNow(ms, elapsing = ms) {
      mono += Math.max(0, elapsing - (passed ?? elapsing));
      passed = elapsing;
      now = ms;
    },
    setOnline(value) {
      online = value;
    },
    place(at) {
      here = at;
    },
    kill(at) {
      if (at === undefined) dead = true;
      else deadly = at;
    },
    get dead() {
      return dead;
    },
    reborn: () => virtualPlatform({ ...options, factory, now, online, here, starts: starts + 1 }),
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
