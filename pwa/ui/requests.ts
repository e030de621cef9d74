/** How a customer's special request looks: its icon (a kind we do not know yet looks like `other`), its words, its days. */
import type { IconName } from './icons';

const requestIcons: Record<string, IconName> = {
  call_first: 'phone',
  no_ring: 'silent',
  leave_at_reception: 'reception',
  weekdays_only: 'calendar',
  fragile: 'fragile',
  id_check: 'idcard',
  other: 'star',
};

export function requestIcon(kind: string): IconName {
  return requestIcons[kind] ?? 'star';
}

export const requestKinds = [
  'call_first',
  'no_ring',
  'leave_at_reception',
  'weekdays_only',
  'fragile',
  'id_check',
  'other',
] as const;
export type RequestKind = (typeof requestKinds)[number];

/** The key of the kind's short words in the common strings. */
export function requestKey(kind: string): `request.${RequestKind}` {
  return (requestKinds as readonly string[]).includes(kind) ? `request.${kind as RequestKind}` : 'request.other';
}

/** Of the station's week: what a request for some weekdays is held against. */
export { weekday } from './format';
