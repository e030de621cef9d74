/** What this courier recorded here of late: from the journal, since the outbox forgets what is settled. */
import type { Context } from './context';
import type { Envelope } from './types';

/** His operations since `since` (this handheld's clock, ms), the oldest first. Ids begin with the time they were made at (P4). */
export async function recorded(ctx: Context, since: number): Promise<Envelope[]> {
  const time = Math.max(0, Math.floor(since)).toString(16).padStart(12, '0').slice(-12);
  const rows = await ctx.db.getAll('journal', IDBKeyRange.lowerBound(`${time.slice(0, 8)}-${time.slice(8)}`));
  return rows.map((row) => row.envelope).filter((envelope) => envelope.author === ctx.identity?.user.id);
}
