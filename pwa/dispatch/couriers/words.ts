/** How old what is known of a courier is, as a sentence. */
import type { CourierRow } from '../types';
import { clockText, spanText, t, type Around } from '../words';
import { contactOf } from './model';

/** "last heard 14:02", and when that is long ago for how long there was no signal. `now`: server's time, ms. */
export function heardText(courier: Pick<CourierRow, 'devices' | 'last_heard' | 'shift'>, around: Around): string {
  if (courier.devices === 0) return t('courier.no_device');
  if (courier.last_heard === null) return t('courier.never');
  const time = clockText(courier.last_heard, around);
  const contact = contactOf(courier, around.now);
  if (contact === 'off') return t('courier.off', { time });
  if (contact === 'live') return t('courier.heard', { time });
  return t('courier.silent', { time, age: spanText(Math.max(0, around.now - courier.last_heard)) });
}

/** When the shift began or that there is none. */
export function shiftText(courier: Pick<CourierRow, 'shift'>, around: Around): string {
  const { shift } = courier;
  if (shift === null) return t('courier.no_shift');
  const time = shift.started_at === null ? '' : clockText(shift.started_at, around);
  return t(shift.status === 'closed' ? 'courier.shift_closed' : 'courier.shift_open', { time });
}
