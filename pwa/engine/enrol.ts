/** Making this handheld known to a station by a one-time code. */
import { readMeta, strict, waitingBlobs, type IdentityValue, type StoreName } from '../store';
import { CALM, codeOf } from './backoff';
import { localHead, serverSaid, type Context } from './context';
import { beginIncarnation } from './push';
import { sendJson } from './transport';
import { EnrolError, type Identity } from './types';

/** What belongs to the former user's list; journal and outbox are not among them. */
const MIRROR: StoreName[] = ['rows', 'staging', 'cursors', 'manifest'];

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
  if (former) await beginIncarnation(ctx, identity.device);
  await askToPersist(ctx);
  ctx.changed();
  return publicIdentity(identity);
}

export function publicIdentity({ device, user, station }: IdentityValue): Identity {
  return { device, user, station };
}

async function ask(ctx: Context, code: string, label: string | null): Promise<IdentityValue> {
  const body = { code: code.trim(), app: ctx.options.app, label };
  try {
    const value = await sendJson({ ...ctx, identity: null }, 'POST', '/api/v1/devices/enrol', body);
    return parse(value);
  } catch (error) {
    throw error instanceof EnrolError ? error : new EnrolError(codeOf(error));
  }
}

function parse(value: Record<string, unknown>): IdentityValue {
  const { device, credential, user, station } = value as unknown as IdentityValue;
  if (typeof device !== 'string' || typeof credential !== 'string' || !user?.id || !station?.id) {
    throw new EnrolError('offline');
  }
  const lang = user.lang === 'en' ? 'en' : 'zh';
  return { device, credential, user: { id: user.id, name: user.name, lang }, station };
}

async function unsentCount(ctx: Context): Promise<number> {
  const operations = (await localHead(ctx.db)).seq - (await serverSaid(ctx.db)).head_seq;
  return operations + (await waitingBlobs(ctx.db)).length;
}

async function lockedOut(ctx: Context): Promise<boolean> {
  return (await readMeta(ctx.db, 'retry'))?.phase === 'revoked';
}

async function remember(ctx: Context, identity: IdentityValue, former: IdentityValue | null): Promise<void> {
  const another = former !== null && former.user.id !== identity.user.id;
  await strict(ctx.db, ['meta', 'outbox', ...MIRROR], async (tx) => {
    const cleared = another ? [...MIRROR, 'outbox' as const] : [];
    await Promise.all([
      tx.objectStore('meta').put(identity, 'identity'),
      tx.objectStore('meta').put(CALM, 'retry'),
      ...cleared.map((name) => tx.objectStore(name).clear()),
    ]);
  });
}

async function askToPersist(ctx: Context): Promise<void> {
  const granted = await ctx.platform.storage.persist?.().catch(() => false);
  if (granted !== undefined) await strict(ctx.db, ['meta'], (tx) => tx.objectStore('meta').put(granted, 'persisted'));
}
