/** Asking the browser for a push subscription, with an end: without a push service `subscribe` waits for ever. */

export const PATIENCE_MS = 15_000;

/**
 * The subscription for our key; one that was made for another key is given up first.
 * Rejects with `Error('timeout')` when the browser has not answered in `ms`.
 */
export async function subscribeWithin(
  manager: PushManager,
  key: string,
  ms: number = PATIENCE_MS,
): Promise<PushSubscription> {
  return within(ask(manager, key), ms);
}

async function ask(manager: PushManager, key: string): Promise<PushSubscription> {
  const bytes = keyBytes(key);
  const known = await manager.getSubscription();
  if (known && sameBytes(known.options.applicationServerKey, bytes)) return known;
  await known?.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes });
}

export function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), ms);
  });
  return Promise.race([work, end]).finally(() => clearTimeout(timer));
}

/** base64url without padding to bytes. */
export function keyBytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function sameBytes(held: ArrayBuffer | null, wanted: Uint8Array): boolean {
  if (held === null || held.byteLength !== wanted.length) return false;
  const bytes = new Uint8Array(held);
  return wanted.every((byte, at) => bytes[at] === byte);
}
