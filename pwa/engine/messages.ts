/**
 * What the station writes to this courier: rows of his notices, and beside them what he has told of them himself. That this handheld
 * has a message it tells on its own, as an operation like any other (P24); that he has read it is his to say.
 */
import type { MessageRow } from '../../sync/ts/records';
import type { Context } from './context';
import type { MessageView } from './types';

const RECEIVED = 'message.received';
const READ = 'message.read';

/** The newest first. One that he has said to have read is read, whether the server has heard of it or not. */
export async function messageViews(ctx: Context): Promise<MessageView[]> {
  const read = await told(ctx, READ);
  return (await rows(ctx))
    .map((row) => ({ ...row, read: row.read_at !== null || read.has(entityOf(row)) }))
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
}

/** Records of each message that came that this handheld has it, once. A disk too full for that is no reason to stop a sync. */
export async function acknowledgeMessages(ctx: Context): Promise<void> {
  if (ctx.standing !== 'ok') return;
  const fresh = (await rows(ctx)).filter((row) => row.received_at === null);
  if (!fresh.length) return;
  const [received, read] = [await told(ctx, RECEIVED), await told(ctx, READ)];
  const drafts = fresh
    .map(entityOf)
    .filter((entity) => !received.has(entity) && !read.has(entity))
    .map((entity) => ({ type: RECEIVED, entity, payload: {} }) as const);
  if (!drafts.length) return;
  try {
    const { submit } = await import('./submit');
    await submit(ctx, [...drafts], [], []);
  } catch (error) {
    ctx.platform.log('warn', 'message not acknowledged', { error: String(error) });
  }
}

function entityOf(row: MessageRow): string {
  return `message:${row.message}`;
}

/** What the station wrote to whoever is logged in. */
async function rows(ctx: Context): Promise<MessageRow[]> {
  const me = ctx.identity?.session === null ? undefined : ctx.identity?.user.id;
  if (me === undefined) return [];
  const found = await ctx.db.getAllFromIndex('rows', 'scope', `notices:${me}`);
  return found.filter((row) => row.present && row.entity.startsWith('message:')).map((row) => row.body as MessageRow);
}

/** The messages of which this courier has told that here: the journal has it, whatever has become of it. */
async function told(ctx: Context, type: string): Promise<Set<string>> {
  const entries = await ctx.db.getAllFromIndex('journal', 'type', type);
  const mine = entries.filter(({ envelope }) => envelope.author === ctx.identity?.user.id);
  return new Set(mine.map(({ envelope }) => envelope.entity));
}
