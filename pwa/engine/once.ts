/** One sync and what it needs around it: for the engine of a page, and for a worker that was woken without one (P12). */
import { openContext, type Context } from './context';
import { runSync } from './exchange';
import { lookAgain, sayWiped } from './standing';
import type { EngineOptions, Platform, SyncOutcome } from './types';

const NOTHING = { pushed: 0, pulled: 0, blobs: 0 };

export async function syncNow(ctx: Context): Promise<SyncOutcome> {
  if (!(await lookAgain(ctx))) {
    await sayWiped(ctx);
    return { ok: false, phase: 'idle', code: 'not_enrolled', ...NOTHING };
  }
  ctx.syncing = true;
  ctx.changed();
  try {
    return await runSync(ctx);
  } finally {
    ctx.room = (await ctx.platform.storage.reserve?.left().catch(() => ctx.room)) ?? 'all';
    ctx.syncing = false;
    ctx.changed();
  }
}

/** Syncs once on a connection of its own. */
export async function syncOnce(platform: Platform, options: EngineOptions): Promise<SyncOutcome> {
  const ctx = await openContext(platform, options, () => undefined);
  try {
    return await syncNow(ctx);
  } finally {
    ctx.db.close();
  }
}
