/// <reference lib="webworker" />
/**
 * Keeps the handheld's app on the phone so that it opens with the server gone. It never touches /api: data is the
 * engine's business. A new version is fetched at once but waits; the page tells it when to take over, so that no
 * sign-off is ever cut in two by an update.
 *
 * A push wakes it when the app is closed: it shows what the server said and opens the task when it is tapped. An app that is
 * open is told instead, and asks the server itself. The same worker sends what waits when the network comes back to a closed
 * app, where the browser can wake it for that.
 */
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { STORAGE, SYNC_TAG, workerPlatform } from './device/platform';
import { syncOnce } from './engine/once';
import { notificationOf, plain, readNotice, targetOf } from './ui/notice';

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: { url: string; revision: string | null }[];

const DESK = 'doorstep-desk';

/** A captive portal or an error page must never be kept as a script or a style. */
function isWhatItClaims(url: string, response: Response): boolean {
  if (!response.ok || response.redirected) return false;
  const html = response.headers.get('content-type')?.includes('text/html') ?? false;
  const { pathname } = new URL(url);
  return html === (pathname === '/' || pathname.startsWith('/dispatch'));
}

addPlugins([
  {
    cacheWillUpdate: ({ request, response }) =>
      Promise.resolve(isWhatItClaims(request.url, response) ? response : null),
  },
]);
cleanupOutdatedCaches();
precacheAndRoute(__PRECACHE__, { cleanURLs: false, directoryIndex: '' });
registerRoute(new NavigationRoute(createHandlerBoundToURL('/'), { allowlist: [/^\/(\?.*)?$/] }));

async function keep(request: Request, response: Response): Promise<Response> {
  if (isWhatItClaims(request.url, response)) await (await caches.open(DESK)).put(request, response.clone());
  return response;
}

/** The desk: the network first, so that it is always the newest; what was last seen when there is no server. */
async function deskPage({ request }: { request: Request }): Promise<Response> {
  const page = new Request('/dispatch');
  try {
    return await keep(page, await fetch(request));
  } catch (error) {
    const kept = await caches.match(page, { cacheName: DESK });
    if (kept) return kept;
    throw error;
  }
}

async function deskAsset({ request }: { request: Request }): Promise<Response> {
  return (await caches.match(request, { cacheName: DESK })) ?? keep(request, await fetch(request));
}

registerRoute(new NavigationRoute(deskPage, { allowlist: [/^\/dispatch([/?].*)?$/] }));
registerRoute(({ url, sameOrigin }) => sameOrigin && url.pathname.startsWith('/assets/'), deskAsset);

self.addEventListener('activate', (event) => event.waitUntil(caches.delete(DESK)));
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'take-over') void self.skipWaiting();
});

const TODAY = '/#/';

/** The handheld's open pages; the desk's are none of them. */
async function openApps(): Promise<WindowClient[]> {
  const open = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return open.filter((client) => new URL(client.url).pathname === '/');
}

/** Browsers take the permission away from a worker that shows nothing, unless the app is there to be seen. */
async function tell(text: string | undefined): Promise<void> {
  const notice = readNotice(text) ?? plain(TODAY);
  const open = await openApps();
  for (const app of open) app.postMessage({ type: 'notice', title: notice.title });
  if (open.some((app) => app.visibilityState === 'visible')) return;
  const { title, options } = notificationOf(notice);
  await self.registration.showNotification(title, options);
}

async function openAt(url: string): Promise<void> {
  const [app] = await openApps();
  if (!app) {
    await self.clients.openWindow(url);
    return;
  }
  // Told and not sent there: what is being written on the screen may not be lost by loading it anew.
  app.postMessage({ type: 'open', url });
  await app.focus();
}

/** Background Sync's event, which the DOM's types do not know. */
interface SyncEvent extends ExtendableEvent {
  tag: string;
  lastChance: boolean;
}

/**
 * There is a network again (P12). What was recorded is sent from here, the app may be closed; an app that is open hears of the
 * network itself, and the lock keeps the two apart. A sync that fails is asked for again by the system, a few times.
 */
async function woken(event: SyncEvent): Promise<void> {
  const outcome = await syncOnce(workerPlatform(STORAGE), { baseUrl: '', app: __APP__ });
  for (const app of await openApps()) app.postMessage({ type: 'synced' });
  if (!outcome.ok && outcome.code === 'offline' && !event.lastChance) throw new Error(outcome.code);
}

self.addEventListener('sync', (event) => {
  const asked = event as unknown as SyncEvent;
  if (asked.tag.startsWith(SYNC_TAG)) asked.waitUntil(woken(asked));
});
self.addEventListener('push', (event) => event.waitUntil(tell(event.data?.text())));
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openAt(targetOf(event.notification.data, TODAY)));
});
