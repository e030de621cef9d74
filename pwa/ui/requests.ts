/** Which icon a customer's special request carries; a kind we do not know yet looks like `other`. */
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

const known = ['call_first', 'no_ring', 'leave_at_reception', 'weekdays_only', 'fragile', 'id_check'] as const;
type KnownRequest = (typeof known)[number];

/** The key of the kind's short words in the common strings. */
export function requestKey(kind: string): `request.${KnownRequest | 'other'}` {
  return (known as readonly string[]).includes(kind) ? `request.${kind as KnownRequest}` : 'request.other';
}
