/**
 * The app on the phone and its newer version. A new version is fetched and waits. It takes over when the courier says so, or by
 * itself in a calm moment: the phone has been put away and nothing would be cut in two. How calm it is the screens say.
 *
 * `broken`: this page cannot work, so that there is nothing to interrupt.
 */
export type Calm = 'calm' | 'busy' | 'broken';

/** So long out of sight is put away, and not a glance at another app; ms. */
const PUT_AWAY_MS = 3_000;
/** A phone that lies open on its charger asks for a new version by itself; ms. */
const ASK_MS = 3_600_000;

interface Waiting {
  offer(apply: () => void): void;
  now(): void;
}

export function watchForUpdate(onReady: (apply: () => void) => void, calm: () => Calm): void {
  if (!('serviceWorker' in navigator)) return;
  const { serviceWorker } = navigator;
  const hadOne = Boolean(serviceWorker.controller);
  const update = waiting(onReady, calm);
  let asked = false;

  const offer = (worker: ServiceWorker): void =>
    update.offer(() => {
      asked = true;
      worker.postMessage({ type: 'take-over' });
    });

  serviceWorker.addEventListener('controllerchange', () => {
    if (!hadOne) return;
    if (asked) location.reload();
    // Another window has let it in: what this one has not loaded yet is gone, and it follows when it is calm.
    else update.offer(() => location.reload());
  });
  // The station has called this version back; a page that does not answer is loaded anew by the worker (sw.ts).
  serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<{ type?: string } | null>) => {
    if (data?.type !== 'recalled' || calm() === 'broken') return;
    ports[0]?.postMessage('alive');
    update.now();
  });

  const follow = async (): Promise<void> => {
    const registration = await serviceWorker.register('/sw.js');
    if (registration.waiting && hadOne) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed' && serviceWorker.controller) offer(worker);
      });
    });
    const ask = (): void => void registration.update().catch(() => undefined);
    setInterval(ask, ASK_MS);
    window.addEventListener('online', ask);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') ask();
    });
  };
  void follow().catch(() => undefined);
}

/** Keeps what would let the new version in, until somebody says so or it is calm. */
function waiting(onReady: (apply: () => void) => void, calm: () => Calm): Waiting {
  let ready: (() => void) | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const apply = (): void => {
    const once = ready;
    ready = null;
    once?.();
  };
  const putAway = (): void => {
    clearTimeout(timer);
    if (!ready || document.visibilityState === 'visible') return;
    timer = setTimeout(() => {
      if (document.visibilityState === 'visible') return;
      if (calm() === 'calm') apply();
      else putAway();
    }, PUT_AWAY_MS);
  };
  document.addEventListener('visibilitychange', putAway);
  return {
    offer(next) {
      ready = next;
      if (calm() === 'broken') return apply();
      onReady(apply);
      putAway();
    },
    now() {
      if (ready && calm() === 'calm') apply();
    },
  };
}
