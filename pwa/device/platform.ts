/** The browser as the engine's Platform. The one place where the engine's wishes meet the real globals. */
import { gzipSync } from 'fflate';

import type { HttpAnswer, HttpRequest, Platform } from '../platform';
import { browserLocation } from './position';
import { browserReserve } from './reserve';

/** Chromium's Background Sync, which the DOM's types do not know. */
interface SyncManager {
  register(tag: string): Promise<void>;
}

/** The tags begin with this; the rest of each is new, since a tag that is being fired cannot be asked for again. */
export const SYNC_TAG = 'doorstep-sync-';
export const STORAGE = 'doorstep';

export function browserPlatform(name = STORAGE): Platform {
  const location = browserLocation();
  const reserve = browserReserve();
  return {
    ...workerPlatform(name),
    storage: { factory: indexedDB, name, persist, ...(reserve ? { reserve } : {}) },
    signals: {
      onOnline: (fn) => listen(window, 'online', fn),
      onVisible: (fn) =>
        listen(document, 'visibilitychange', () => {
          if (document.visibilityState === 'visible') fn();
        }),
      ...('serviceWorker' in navigator ? { askToWake: () => void askToWake().catch(() => undefined) } : {}),
    },
    ...(location ? { location } : {}),
  };
}

/** What a service worker has of it: no page to listen to, nobody to ask anything. */
export function workerPlatform(name = STORAGE): Platform {
  return {
    now: () => Date.now(),
    mono: () => Math.floor(performance.now()),
    // performance.now() starts anew with each page.
    boot: randomUuid(),
    random: (n) => crypto.getRandomValues(new Uint8Array(n)),
    hash,
    gzip: (bytes) => gzipSync(bytes),
    timers: { set: (ms, fn) => Number(setTimeout(fn, ms)), clear: (id) => clearTimeout(id) },
    fetch: request,
    locks: 'locks' in navigator ? { run: underLock, steal } : { run: (_, fn) => fn() },
    storage: { factory: indexedDB, name },
    log: (level, event, data) => console[level](event, data ?? ''),
    failpoint: () => undefined,
  };
}

async function hash(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The device's credential is its own: no cookie goes along. A redirect is somebody else's answer and counts as none. */
async function request({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
  const response = await fetch(path, {
    method,
    headers,
    body: body as Uint8Array<ArrayBuffer> | null,
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
  });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

function underLock<T>(lock: string, fn: () => Promise<T>, givenUp?: Promise<void>): Promise<T> {
  const waiting = new AbortController();
  void givenUp?.then(() => waiting.abort());
  return navigator.locks.request(lock, { signal: waiting.signal }, fn);
}

function steal<T>(lock: string, fn: () => Promise<T>): Promise<T> {
  return navigator.locks.request(lock, { steal: true }, fn);
}

/** Asks for a Background Sync: the worker is woken when there is a network, whether the app is open or not. */
async function askToWake(): Promise<void> {
  const { sync } = (await navigator.serviceWorker.ready) as ServiceWorkerRegistration & { sync?: SyncManager };
  await sync?.register(`${SYNC_TAG}${randomUuid()}`);
}

async function persist(): Promise<boolean> {
  return (await navigator.storage?.persist?.()) ?? false;
}

function listen(target: EventTarget, event: string, fn: () => void): () => void {
  target.addEventListener(event, fn);
  return () => target.removeEventListener(event, fn);
}

function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
