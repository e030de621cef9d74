/**
 * Being told while the app is closed: asks the browser, tells the server, and follows what the service worker says. The
 * wish is kept on the phone; a new subscription of the browser's is handed on at the next start.
 */
import { language } from '../../ui/i18n.svelte';
import { PATIENCE_MS, subscribeWithin, within } from '../../ui/subscribe';
import { toasts } from '../../ui/toast.svelte';
import { parseRoute } from '../route';
import { router } from '../router.svelte';
import { session } from '../session.svelte';
import { isFixed, markOf, standingOf, troubleOf, type Standing } from './model';

const KEPT = 'doorstep.push';
const PATH = '/api/v1/push/subscriptions';

class Push {
  standing = $state<Standing>('off');

  /** Once, when the app starts. */
  start(): void {
    this.standing = standingOf({
      supported: 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window,
      apple: /iPhone|iPad|iPod/.test(navigator.userAgent),
      permission: 'Notification' in window ? Notification.permission : 'denied',
      known: localStorage.getItem(KEPT) !== null,
    });
    if (!('serviceWorker' in navigator)) return;
    navigator.serviceWorker.addEventListener('message', ({ data }) => this.#heard(data as Said | null));
    if (this.standing === 'on') void this.#register().catch(() => undefined);
  }

  async turnOn(): Promise<void> {
    if (isFixed(this.standing)) return;
    this.standing = 'asking';
    try {
      const permission = await Notification.requestPermission();
      if (permission !== 'granted') {
        this.standing = permission === 'denied' ? 'blocked' : 'off';
        return;
      }
      await this.#register();
      this.standing = 'on';
    } catch (error) {
      this.standing = troubleOf(error);
    }
  }

  async turnOff(): Promise<void> {
    localStorage.removeItem(KEPT);
    this.standing = 'off';
    const registration = await navigator.serviceWorker.getRegistration();
    const held = await registration?.pushManager.getSubscription();
    if (!held) return;
    // Without a signal the server learns it from the push service, which knows no such subscription any more.
    await session.engine.call('DELETE', PATH, { endpoint: held.endpoint }).catch(() => undefined);
    await held.unsubscribe();
  }

  async #register(): Promise<void> {
    const { key } = await session.engine.call('GET', '/api/v1/push/key');
    const registration = await within(navigator.serviceWorker.ready, PATIENCE_MS);
    const held = await subscribeWithin(registration.pushManager, String(key));
    const mark = markOf(held.endpoint, session.identity?.user.id ?? '', language.current);
    if (localStorage.getItem(KEPT) === mark) return;
    const { endpoint, keys } = held.toJSON();
    await session.engine.call('POST', PATH, { endpoint, keys, lang: language.current });
    localStorage.setItem(KEPT, mark);
  }

  #heard(said: Said | null): void {
    if (said?.type === 'notice') {
      void session.engine.sync();
      toasts.show({ text: said.title ?? '', tone: 'good' });
    } else if (said?.type === 'synced') {
      void session.refresh();
    } else if (said?.type === 'open' && said.url) {
      router.go(parseRoute(new URL(said.url, location.origin).hash));
      void session.engine.sync();
    }
  }
}

interface Said {
  type?: string;
  title?: string;
  url?: string;
}

export const push = new Push();
