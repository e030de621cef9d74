/**
 * What the customer's page gains from a script: notices on this device, a look at the newest state when one comes back to
 * the page, and buttons that cannot be pressed twice. Everything else works without it.
 */
import { subscribeWithin } from '../ui/subscribe';

const STALE_MS = 60_000;
const main = document.querySelector<HTMLElement>('main[data-here]');
const loadedAt = Date.now();

if (main) {
  pressOnce();
  stayFresh();
  void notices(main.dataset.here ?? '', main.dataset.lang ?? 'zh');
}

/** A double tap sends one form; the server would take two for one as well. */
function pressOnce(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = 'yes';
  });
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form')) delete form.dataset.sent;
  });
}

/** Who comes back to the page after a while sees how things stand now, unless something is being typed. */
function stayFresh(): void {
  let touched = false;
  document.addEventListener('input', () => (touched = true));
  const look = (): void => {
    if (!touched) location.replace(location.pathname + location.search.replace(/([?&])said=\w+&?/, '$1'));
  };
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - loadedAt > STALE_MS) look();
  });
  navigator.serviceWorker?.addEventListener('message', (event) => {
    if ((event.data as { type?: string } | null)?.type === 'look') look();
  });
}

async function notices(here: string, lang: string): Promise<void> {
  const box = document.querySelector<HTMLElement>('#push');
  const button = box?.querySelector('button');
  const status = box?.querySelector('p');
  if (!box || !button || !status) return;
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) return;

  const say = (name: string): string => box.dataset[name] ?? '';
  const kept = `push:${here}`;
  const show = (on: boolean, words = on ? say('isOn') : ''): void => {
    button.textContent = on ? say('off') : say('on');
    button.dataset.on = on ? 'yes' : '';
    status.textContent = words;
    box.hidden = false;
  };

  const known = await navigator.serviceWorker.getRegistration('/t/');
  const subscription = await known?.pushManager.getSubscription();
  show(Boolean(subscription) && remembered(kept));

  button.addEventListener('click', () => {
    button.disabled = true;
    const wanted = !button.dataset.on;
    void (wanted ? switchOn(here, lang) : switchOff(here))
      .then(() => remember(kept, wanted))
      .then(() => show(wanted))
      .catch(() => show(!wanted, say(Notification.permission === 'denied' ? 'denied' : 'failed')))
      .finally(() => (button.disabled = false));
  });
}

async function switchOn(here: string, lang: string): Promise<void> {
  if ((await Notification.requestPermission()) !== 'granted') throw new Error('denied');
  const { key } = (await (await fetch('/api/v1/push/key')).json()) as { key: string };
  await navigator.serviceWorker.register('/t/worker.js', { scope: '/t/', updateViaCache: 'none' });
  const subscription = await subscribeWithin((await active()).pushManager, key);
  await send('POST', here, { ...subscribed(subscription), lang });
}

/** The browser stays subscribed when another parcel's page still uses it; the server forgets this one. */
async function switchOff(here: string): Promise<void> {
  const known = await navigator.serviceWorker.getRegistration('/t/');
  const subscription = await known?.pushManager.getSubscription();
  if (subscription) await send('DELETE', here, { ...subscribed(subscription), lang: 'zh' });
}

/** The registration for /t/ once its worker runs: `ready` would wait for one that controls this page. */
async function active(): Promise<ServiceWorkerRegistration> {
  for (let tries = 0; tries < 50; tries += 1) {
    const known = await navigator.serviceWorker.getRegistration('/t/');
    if (known?.active) return known;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('timeout');
}

function subscribed(subscription: PushSubscription): { endpoint: string; keys: Record<string, string> } {
  const { endpoint, keys } = subscription.toJSON();
  return { endpoint: endpoint ?? '', keys: { p256dh: keys?.p256dh ?? '', auth: keys?.auth ?? '' } };
}

async function send(method: string, here: string, body: unknown): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${here}/push`, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(String(answer.status));
}

/** Which parcels this browser asked to hear of; without storage the button simply offers it again. */
function remembered(name: string): boolean {
  try {
    return localStorage.getItem(name) === 'yes';
  } catch {
    return false;
  }
}

function remember(name: string, on: boolean): void {
  try {
    if (on) localStorage.setItem(name, 'yes');
    else localStorage.removeItem(name);
  } catch {
    // A browser without storage still gets its notices.
  }
}
