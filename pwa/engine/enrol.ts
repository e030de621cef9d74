/** Making this handheld known to a station by a one-time code. */
import { readMeta, strict, waitingBlobs, writeMeta, type IdentityValue, type StoreName } from '../store';
import { CALM, codeOf } from './backoff';
import { localHead, serverSaid, type Context } from './context';
import { beginIncarnation } from './push';
import { sendJson } from './transport';
import { EnrolError, type Identity } from './types';

/** What belongs to the former user's list; journal and outbox are not among them. */
export const MIRROR: StoreName[] = ['rows', 'staging', 'cursors', 'manifest'];

/**
 * Trades the code for an identity. A handheld that was locked out may enrol again: its unsent operations go with it, but only
 * for the same person; another person must wait until they are sent (P11).
 */
export async function enrol(ctx: Context, code: string, label: string | null): Promise<Identity> {
  const former = ctx.identity;
  if (former && !(await lockedOut(ctx))) throw new EnrolError('already_enrolled');
  const unsent = await unsentCount(ctx);
  const identity = await ask(ctx, code, label);
  if (former && former.user.id !== identity.user.id && unsent > 0) throw new EnrolError('unsent_of_other_user');
  await remember(ctx, identity, former);
  ctx.identity = identity;
  Object.assign(ctx, { standing: 'ok', end: 'none', manifest: null });
  if (former) await beginIncarnation(ctx, identity.device);
  await askToPersist(ctx);
  ctx.changed();
  return publicIdentity(identity);
}

export function publicIdentity({ device, user, station, session }: IdentityValue): Identity {
  return { device, user, station, loggedIn: session !== null };
}

/** A call with a code; what goes wrong with it has a code of its own. */
export async function asking(ctx: Context, path: string, body: unknown): Promise<Record<string, unknown>> {
  try {
    return await sendJson(ctx, 'POST', path, body);
  } catch (error) {
    throw new EnrolError(codeOf(error));
  }
}

export function knownUser({ user }: Record<string, unknown>): IdentityValue['user'] | null {
  const said = user as IdentityValue['user'] | undefined;
  return said?.id ? { id: said.id, name: said.name, lang: said.lang === 'en' ? 'en' : 'zh' } : null;
}

async function ask(ctx: Context, code: string, label: string | null): Promise<IdentityValue> {
  const body = { code: code.trim(), app: ctx.options.app, label };
  const said = await asking({ ...ctx, identity: null }, '/api/v1/devices/enrol', body);
  const { device, credential, session, station } = said as unknown as IdentityValue;
  const user = knownUser(said);
  if (typeof device !== 'string' || typeof credential !== 'string' || !user || !station?.id) {
    throw new EnrolError('offline');
  }
  return { device, credential, user, station, ...(typeof session === 'string' ? { session } : {}) };
}

async function unsentCount(ctx: Context): Promise<number> {
  const operations = (await localHead(ctx.db)).seq - (await serverSaid(ctx.db)).head_seq;
  return operations + (await waitingBlobs(ctx.db)).length;
}

async function lockedOut(ctx: Context): Promise<boolean> {
  return ctx.standing === 'revoked' || (await readMeta(ctx.db, 'retry'))?.phase === 'revoked';
}

async function remember(ctx: Context, identity: IdentityValue, former: IdentityValue | null): Promise<void> {
  const another = former !== null && former.user.id !== identity.user.id;
  await strict(ctx.db, ['meta', 'outbox', ...MIRROR], async (tx) => {
    const cleared = another ? [...MIRROR, 'outbox' as const] : [];
    await Promise.all([
      tx.objectStore('meta').put(identity, 'identity'),
      tx.objectStore('meta').put(CALM, 'retry'),
      tx.objectStore('meta').put('ok', 'standing'),
      ...cleared.map((name) => tx.objectStore(name).clear()),
    ]);
  });
}

/**
 * Asks that the browser never evicts this storage, until it has agreed (P13): at enrolment, and when a shift begins, by when most
 * browsers have seen enough of the app to say yes without a word.
 */
export async function askToPersist(ctx: Context): Promise<void> {
  if (await readMeta(ctx.db, 'persisted')) return;
  const granted = await ctx.platform.storage.persist?.().catch(() => false);
  if (granted === undefined) return;
  await writeMeta(ctx.db, 'persisted', granted);
  ctx.changed();
}
