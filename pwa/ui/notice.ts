/**
 * A push as the service workers show it: payload in, notification out. Pure, so that the courier's worker and the customer's
 * page share it and a test can hold it. The words come from the server, in the subscriber's language and without a name, a
 * phone number or an address; nothing here adds any.
 */

const NOTICE_KINDS = [
  'out_for_delivery',
  'delivered',
  'attempt_failed',
  'picked_up',
  'held',
  'returned',
  'correction',
  'consent_asked',
  'task_new',
  'task_changed',
  'task_removed',
  'courier_message',
] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

export interface Notice {
  id: string;
  kind: NoticeKind;
  lang: 'zh' | 'en';
  /** Notifications with the same tag replace each other: a parcel has one, a courier's list has one. */
  tag: string;
  /** A path of our own (`/t/<token>`, `/#/task/<id>`): where a tap leads. */
  url: string;
  title: string;
  body: string;
}

/** What `registration.showNotification(title, options)` takes; `data.url` is where a tap leads. */
export interface Shown {
  title: string;
  options: NotificationOptions & { renotify?: boolean; data: { id: string; kind: string; url: string } };
}

const LONGEST = 400;

/** The notice in a push, or null when it is none of ours (a browser still wants something shown: see `plain`). */
export function readNotice(text: string | null | undefined): Notice | null {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const found = value as Record<keyof Notice, unknown>;
  for (const name of ['id', 'tag', 'url', 'title', 'body'] as const) {
    if (typeof found[name] !== 'string' || found[name].length > LONGEST) return null;
  }
  const notice = found as unknown as Notice;
  if (!NOTICE_KINDS.includes(notice.kind) || !isOwnPath(notice.url)) return null;
  return { ...notice, lang: notice.lang === 'en' ? 'en' : 'zh' };
}

/** What is shown for a push nobody can read: browsers take the permission away from a worker that shows nothing. */
export function plain(home: string): Notice {
  return {
    id: '',
    kind: 'task_changed',
    lang: 'zh',
    tag: 'doorstep',
    url: home,
    title: 'Doorstep',
    body: '有新消息 · There is news',
  };
}

/** A notice as a notification. The same tag replaces what was shown before and makes itself heard again. */
export function notificationOf(notice: Notice): Shown {
  return {
    title: notice.title,
    options: {
      body: notice.body,
      tag: notice.tag,
      renotify: true,
      lang: notice.lang === 'zh' ? 'zh-CN' : 'en',
      icon: '/icon-192.png',
      badge: '/icon-192.png',
      data: { id: notice.id, kind: notice.kind, url: notice.url },
    },
  };
}

/** Where a tap leads: the path in the notification's data, or `home` when that is no path of our own. */
export function targetOf(data: unknown, home: string): string {
  const url = (data as { url?: unknown } | null | undefined)?.url;
  return typeof url === 'string' && isOwnPath(url) ? url : home;
}

/** A path on this site: begins with one slash, and is no address of another host in disguise. */
function isOwnPath(url: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(url) && !url.includes('\\');
}
