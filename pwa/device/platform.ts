/** The browser as the engine's Platform. The one place where the engine's wishes meet the real globals. */
import { gzipSync } from 'fflate';

import type { HttpAnswer, HttpRequest, Platform } from '../platform';
import { browserLocation } from './position';

/** A tab that was frozen while it held the lock is not waited for longer than this. */
const LOCK_PATIENCE_MS = 60_000;

export function browserPlatform(name = 'doorstep'): Platform {
  const location = browserLocation();
  return {
    now: () => Date.now(),
    mono: () => Math.floor(performance.now()),
    // performance.now() starts anew with each page.
    boot: randomUuid(),
    random: (n) => crypto.getRandomValues(new Uint8Array(n)),
    hash,
    gzip: (bytes) => gzipSync(bytes),
    timers: { set: (ms, fn) => window.setTimeout(fn, ms), clear: (id) => window.clearTimeout(id) },
    fetch: request,
    locks: { run: underLock },
    storage: { factory: indexedDB, name, persist },
    signals: {
      onOnline: (fn) => listen(window, 'online', fn),
      onVisible: (fn) =>
        listen(document, 'visibilitychange', () => {
          if (document.visibilityState === 'visible') fn();
        }),
    },
    ...(location ? { location } : {}),
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

async function underLock<T>(lock: string, fn: () => Promise<T>): Promise<T> {
  if (!('locks' in navigator)) return fn();
  const waiting = new AbortController();
  const patience = window.setTimeout(() => waiting.abort(), LOCK_PATIENCE_MS);
  try {
    return await navigator.locks.request(lock, { signal: waiting.signal }, () => {
      window.clearTimeout(patience);
      return fn();
    });
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
    return navigator.locks.request(lock, { steal: true }, fn);
  } finally {
    window.clearTimeout(patience);
  }
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
