/** Where the courier is: known while his shift is open, and to nobody outside of it. */
import type { Position } from '../../sync/ts/records';
import type { Context } from './context';
import { look } from './memory';

/** An older fix says where he was, not where he is. */
const FRESH_MS = 120_000;

/** Switches the device's location on with an open shift and off without one. */
export async function follow(ctx: Context): Promise<void> {
  if (!ctx.platform.location) return;
  const open = ctx.identity !== null && (await look(ctx)).picture.shift.status === 'open';
  ctx.platform.location.watch(open);
}

/** The last fix, if it is fresh. Nothing is waited for: an operation without a place is better than one that is late. */
export function whereabouts(ctx: Context): Position | null {
  const fix = ctx.platform.location?.last() ?? null;
  if (fix === null || fix.age_ms > FRESH_MS) return null;
  const { lat_e7, lng_e7, accuracy_m } = fix;
  return { lat_e7, lng_e7, accuracy_m };
}
