/**
 * One sync at a time across tabs and the service worker (P12). The lock is an optimisation, uniqueness on the server is the guard:
 * so whoever holds it shows that it lives, and who waits takes it from a holder that stands still.
 */
import { readMeta, writeMeta } from '../store';
import { newId, type Context } from './context';

export const BEAT_MS = 5_000;
/** A hidden tab's timers may run once a minute and no more often: that is no reason to take the lock from it. */
export const MISSED_MS = 90_000;

/** Another has taken the sync over: this one goes no further. */
export class TakenOver extends Error {}

export async function alone<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  const { locks, storage } = ctx.platform;
  const name = `doorstep-sync:${storage.name}`;
  if (!locks.steal) return locks.run(name, work);
  let gaveUp = false;
  let stopWatching = (): void => undefined;
  const still = new Promise<void>((resolve) => (stopWatching = watchHolder(ctx, resolve)));
  const mine = (): Promise<T> => {
    stopWatching();
    return beating(ctx, work);
  };
  try {
    return await locks.run(
      name,
      mine,
      still.then(() => void (gaveUp = true)),
    );
  } catch (error) {
    if (gaveUp) {
      ctx.platform.log('warn', 'sync lock taken over');
      return await locks.steal(name, mine);
    }
    throw isAbort(error) ? new TakenOver() : error;
  } finally {
    stopWatching();
  }
}

/** Works while a beat shows it; `ctx.hold.lost` when somebody else beats. */
async function beating<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  const { timers } = ctx.platform;
  const [hold, holder] = [{ lost: false }, newId(ctx.platform)];
  ctx.hold = hold;
  let [count, timer, over] = [0, 0, false];
  const beat = async (): Promise<void> => {
    const said = await readMeta(ctx.db, 'beat');
    if (count > 0 && said?.holder !== holder) {
      hold.lost = true;
      return;
    }
    await writeMeta(ctx.db, 'beat', { holder, count: (count += 1) });
    if (!over) timer = timers.set(BEAT_MS, again);
  };
  const again = (): void => void beat().catch(() => undefined);
  await beat().catch(() => undefined);
  try {
    return await work();
  } finally {
    over = true;
    timers.clear(timer);
  }
}

/** Calls `still` once when the holder's beat has not moved for MISSED_MS. Returns what ends the watch. */
function watchHolder(ctx: Context, still: () => void): () => void {
  const { timers } = ctx.platform;
  let [seen, since, over] = ['', ctx.platform.mono(), false];
  let timer = 0;
  const look = async (): Promise<void> => {
    const beat = JSON.stringify((await readMeta(ctx.db, 'beat')) ?? null);
    if (over) return;
    const now = ctx.platform.mono();
    if (beat !== seen) [seen, since] = [beat, now];
    if (now - since >= MISSED_MS) return still();
    timer = timers.set(BEAT_MS, again);
  };
  const again = (): void => void look().catch(() => undefined);
  timer = timers.set(BEAT_MS, again);
  return () => {
    over = true;
    timers.clear(timer);
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
