/** A courier's login on a handheld that is enrolled: it decides what is told, never what is handed in (P34, P11). */
import { strict, type IdentityValue, type StoreName } from '../store';
import { CALM } from './backoff';
import type { Context } from './context';
import { asking, knownUser, MIRROR, publicIdentity } from './enrol';
import { sendNothing } from './transport';
import { EnrolError, type Identity } from './types';

/**
 * Logs in by a one-time code of the station's. It may be another courier's: then the list is his, and what the one before has
 * recorded is still sent under the name of that one.
 */
export async function logIn(ctx: Context, code: string): Promise<Identity> {
  const { identity } = ctx;
  if (!identity) throw new EnrolError('not_enrolled');
  const said = await asking(ctx, '/api/v1/devices/login', { code: code.trim() });
  const { session, station } = said as unknown as IdentityValue;
  const user = knownUser(said);
  if (typeof session !== 'string' || !user || !station?.id) throw new EnrolError('offline');
  const fresh: IdentityValue = { ...identity, session, user, station };
  await remember(ctx, fresh, user.id === identity.user.id && identity.session !== null ? [] : MIRROR);
  return publicIdentity(fresh);
}

/** Logs out: at once here, and on the server when it can be reached. What is to be sent goes on being sent. */
export async function logOut(ctx: Context): Promise<void> {
  const { identity } = ctx;
  if (!identity || identity.session === null) return;
  await sendNothing(ctx, 'DELETE', '/api/v1/devices/login').catch(() => undefined);
  await remember(ctx, { ...identity, session: null }, MIRROR);
}

async function remember(ctx: Context, identity: IdentityValue, cleared: StoreName[]): Promise<void> {
  const standing = identity.session === null ? 'login_required' : 'ok';
  await strict(ctx.db, ['meta', ...MIRROR], async (tx) => {
    const meta = tx.objectStore('meta');
    await Promise.all([
      meta.put(identity, 'identity'),
      meta.put(standing, 'standing'),
      meta.put(CALM, 'retry'),
      meta.delete('manifest_asked'),
      ...cleared.map((name) => tx.objectStore(name).clear()),
    ]);
  });
  Object.assign(ctx, { identity, standing, manifest: null });
  ctx.changed();
}
