/// <reference lib="webworker" />
/**
 * Keeps the handheld's app on the phone so that it opens with the server gone. It never touches /api: data is the
 * engine's business. A new version is fetched at once but waits; the page tells it when to take over, so that no
 * sign-off is ever cut in two by an update.
 *
 * Unless the station has recalled what handhelds have (docs/operating.md): the server then writes a word before this file. Whoever
 * gets that fetches the whole app anew, beside what the former version kept, takes over without being told and throws the former's
 * away. A page that can still answer is asked to follow when it is calm; one that cannot is loaded anew. Nothing of this comes near
 * IndexedDB: what waits to be sent outlives any version of the app.
 *
 * A push wakes it when the app is closed: it shows what the server said and opens the task when it is tapped. An app that is
 * open is told instead, and asks the server itself. The same worker sends what waits when the network comes back to a closed
 * app, where the browser can wake it for that.
 */
import { PrecacheController, PrecacheRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { STORAGE, SYNC_TAG, workerPlatform } from './device/platform';
import { syncOnce } from './engine/once';
import { notificationOf, plain, readNotice, targetOf } from './ui/notice';

declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: { url: string; revision: string | null }[];

const DESK = 'doorstep-desk';
/** Written before this file by the server; another word recalls again. */
const { doorstepRecall: recall } = self as { doorstepRecall?: string };
const APPS = 'doorstep-app';
const APP = recall ? `${APPS}-${recall}` : APPS;
/** So long a page may take to say that it works; ms. */
const ANSWER_MS = 3_000;

/** A captive portal or an error page must never be kept as a script or a style. */
function isWhatItClaims(url: string, response: Response): boolean {
  if (!response.ok || response.redirected) return false;
  const html = response.headers.get('content-type')?.includes('text/html') ?? false;
  const { pathname } = new URL(url);
  return html === (pathname === '/' || pathname.startsWith('/dispatch'));
}

const app = new PrecacheController({
  cacheName: APP,
  plugins: [
    {
      // What is recalled may have come wrong over the line and lie in the browser's own cache as well.
      requestWillFetch: ({ request }) => Promise.resolve(recall ? new Request(request, { cache: 'reload' }) : request),
      cacheWillUpdate: ({ request, response }) =>
        Promise.resolve(isWhatItClaims(request.url, response) ? response : null),
    },
  ],
});
app.addToCacheList(__PRECACHE__);
registerRoute(new PrecacheRoute(app, { cleanURLs: false, directoryIndex: '' }));
registerRoute(new NavigationRoute(app.createHandlerBoundToURL('/'), { allowlist: [/^\/(\?.*)?$/] }));

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

/** What another version kept of the app, and the desk's files, which are that version's too. */
async function forgetFormer(): Promise<void> {
  const former = (await caches.keys()).filter((name) => name === DESK || (name.startsWith(APPS) && name !== APP));
  await Promise.all(former.map((name) => caches.delete(name)));
}

self.addEventListener('install', (event) => {
  void app.install(event);
  // Waiting would be for a page that may not be able to say when.
  if (recall) void self.skipWaiting();
});
self.addEventListener('activate', (event) => {
  void app.activate(event);
  event.waitUntil(forgetFormer());
  if (recall) event.waitUntil(self.clients.claim().then(() => void bringBack()));
});
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'take-over') void self.skipWaiting();
});

/** Each open app follows by itself, or is loaded anew when it does not answer. Nobody waits for this: pages wait for `activate`. */
async function bringBack(): Promise<void> {
  await Promise.all((await openApps()).map(async (page) => (await answers(page)) || page.navigate('/')));
}

function answers(page: WindowClient): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  page.postMessage({ type: 'recalled' }, [port2]);
  return new Promise((resolve) => {
    port1.onmessage = () => resolve(true);
    setTimeout(() => resolve(false), ANSWER_MS);
  });
}

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
