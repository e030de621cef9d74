/// <reference lib="webworker" />
/**
 * Keeps the handheld's app on the phone so that it opens with the server gone. It never touches /api: data is the
 * engine's business. A new version is fetched at once but waits; the page tells it when to take over, so that no
 * sign-off is ever cut in two by an update.
 */
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

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
