/**
 * The app on the phone and its newer version. A new version is fetched and waits; `onReady` hears of it, `apply` lets
 * it take over and loads the page again. Nothing happens by itself: a sign-off is never cut in two.
 */
export function watchForUpdate(onReady: (apply: () => void) => void): void {
  if (!('serviceWorker' in navigator)) return;
  const hadOne = Boolean(navigator.serviceWorker.controller);
  let asked = false;

  const offer = (worker: ServiceWorker): void =>
    onReady(() => {
      asked = true;
      worker.postMessage({ type: 'take-over' });
    });

  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (asked && hadOne) location.reload();
  });

  const follow = async (): Promise<void> => {
    const registration = await navigator.serviceWorker.register('/sw.js');
    if (registration.waiting && hadOne) offer(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => {
        if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker);
      });
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void registration.update().catch(() => undefined);
    });
  };
  void follow().catch(() => undefined);
}
