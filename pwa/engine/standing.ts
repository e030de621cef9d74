/** What the server tells this handheld: everything, nothing before a login, or nothing any more (P34). */
import { readMeta, strict, wipe, writeMeta, type IdentityValue, type Standing } from '../store';
import type { Context } from './context';
import { uuid4 } from './ids';
import { Refusal, sendNothing } from './transport';

const STANDINGS: readonly string[] = ['ok', 'login_required', 'revoked'] satisfies Standing[];

/** Takes to heart what an answer said of it; what it does not know it takes for "ok". */
export async function heed(ctx: Context, pull: { state: string; wipe?: boolean }): Promise<void> {
  const standing = STANDINGS.includes(pull.state) ? (pull.state as Standing) : 'ok';
  ctx.end = standing === 'revoked' && pull.wipe === true ? 'told' : 'none';
  if (standing === ctx.standing) return;
  ctx.standing = standing;
  await writeMeta(ctx.db, 'standing', standing);
  ctx.platform.log('info', 'standing', { standing });
}

/** Looks whether another tab has enrolled, logged in, or wiped this handheld meanwhile; answers whose it is now. */
export async function lookAgain(ctx: Context): Promise<IdentityValue | null> {
  const before = ctx.identity;
  ctx.identity = (await readMeta(ctx.db, 'identity')) ?? null;
  ctx.standing = (await readMeta(ctx.db, 'standing')) ?? 'ok';
  if (before && !ctx.identity) {
    Object.assign(ctx, { manifest: null, end: 'wiped' });
    ctx.changed();
  }
  return ctx.identity;
}

/** Proofs whose bytes are gone: the server must not wait for them before it lets a revoked handheld forget. */
export async function lostProofs(ctx: Context): Promise<string[]> {
  if (ctx.standing !== 'revoked') return [];
  return (await ctx.db.getAllFromIndex('blobs', 'state', 'refused')).map((blob) => blob.sha);
}

/** Forgets everything, when the server has said so and nothing was recorded since; then tells the server. */
export async function forget(ctx: Context): Promise<void> {
  if (ctx.end !== 'told') return;
  ctx.platform.failpoint('wipe.before');
  const fresh = { incarnation: uuid4(ctx.platform.random(16)), seq: 0, prev: null };
  if (!(await wipe(ctx.db, fresh))) return;
  Object.assign(ctx, { identity: null, manifest: null, standing: 'ok', end: 'wiped' });
  ctx.platform.log('warn', 'wiped');
  ctx.platform.failpoint('wipe.after');
  await sayWiped(ctx);
}

/** The last word of a wiped handheld; when it does not get through it is said again, and the credential kept so long. */
export async function sayWiped(ctx: Context): Promise<void> {
  const credential = await readMeta(ctx.db, 'wiping');
  if (credential === undefined) return;
  try {
    await sendNothing(ctx, 'POST', '/api/v1/devices/wiped', { authorization: `Bearer ${credential}` });
  } catch (error) {
    // A credential that opens nothing any more has been heard.
    if (!(error instanceof Refusal) || error.status !== 401) return;
  }
  await strict(ctx.db, ['meta'], (tx) => tx.objectStore('meta').delete('wiping'));
}
