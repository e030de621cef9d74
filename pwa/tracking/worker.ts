/// <reference lib="webworker" />
/**
 * The customer's service worker, for /t/ alone: it shows notices and opens the page they are about. It keeps nothing: the
 * page is always the server's own, and the courier's worker knows nothing of it.
 */
import { notificationOf, plain, readNotice, targetOf } from '../ui/notice';

declare const self: ServiceWorkerGlobalScope;

const HOME = '/t/';

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  const notice = readNotice(event.data?.text()) ?? plain(HOME);
  const { title, options } = notificationOf(notice);
  event.waitUntil(Promise.all([self.registration.showNotification(title, options), tell(notice.url)]));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(targetOf(event.notification.data, HOME)));
});

/** Pages that show this very parcel look again. */
async function tell(url: string): Promise<void> {
  for (const client of await pagesOf(url)) client.postMessage({ type: 'look' });
}

async function open(url: string): Promise<void> {
  const [known] = await pagesOf(url);
  await (known ? known.focus() : self.clients.openWindow(url));
}

async function pagesOf(url: string): Promise<WindowClient[]> {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return pages.filter((page) => new URL(page.url).pathname === url);
}
