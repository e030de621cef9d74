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

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of the week at the station, Monday 1. `at`: ms; `zone`: the station's, never the device's. */
export function weekday(at: number, zone: string): number {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { weekday: 'short', timeZone: zone });
  formats.set(zone, format);
  return DAYS.indexOf(format.format(at)) + 1;
}
