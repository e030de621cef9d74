/** A change in words: what was, and what is. Pure but for the words it is given. */
import type { Change, NewsView } from '../../engine';
import type { IconName } from '../../ui/icons';

export interface Words {
  nothing: string;
  window(start: number | null, end: number | null): string;
  money(minor: number): string;
  request(kind: string, text: string): string;
}

export const CHANGE_ICONS: Record<Change['what'], IconName> = {
  added: 'plus',
  removed: 'handoff',
  window: 'clock',
  address: 'pin',
  sequence: 'grip',
  phone: 'phone',
  pieces: 'box',
  amount: 'cash',
  cancelled: 'stop',
  revived: 'undo',
  request: 'star',
  note: 'message',
};

/** `null` where there is nothing to say beside the change's own name. */
export function valueOf(change: Change, side: 'was' | 'is', words: Words): string | null {
  const value = change[side];
  switch (change.what) {
    case 'added':
    case 'removed':
    case 'revived':
      return null;
    case 'window': {
      const [start, end] = value as [number | null, number | null];
      return words.window(start, end);
    }
    case 'amount':
      return Number(value) > 0 ? words.money(Number(value)) : words.nothing;
    case 'request': {
      const request = value as { kind: string; text: string } | null;
      return request ? words.request(request.kind, request.text) : words.nothing;
    }
    case 'cancelled':
    case 'note':
      return side === 'was' ? null : String(value ?? '');
    default:
      return value === null || value === '' ? words.nothing : String(value);
  }
}

/**
 * A new plan moves every number behind the first: that is one piece of news and not forty. Tasks of which nothing else is said
 * are gathered; answers them, and the rest.
 */
export function gathered(news: readonly NewsView[]): { moved: NewsView[]; single: NewsView[] } {
  const onlyMoved = news.filter((one) => one.changes.every((change) => change.what === 'sequence'));
  if (onlyMoved.length < 2) return { moved: [], single: [...news] };
  return { moved: onlyMoved, single: news.filter((one) => !onlyMoved.includes(one)) };
}
