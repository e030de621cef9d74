/** The one place where a whole handheld is forgotten: a revoked one, once the server has everything it had (P34). */
import { strict } from './database';
import {
  READABLE_FROM,
  type CarriedValue,
  type Database,
  type IdentityValue,
  type LocalValue,
  type ServerValue,
  type StoreName,
} from './schema';

const EVERYTHING: StoreName[] = [
  'meta',
  'outbox',
  'results',
  'journal',
  'rows',
  'staging',
  'cursors',
  'blobs',
  'bytes',
  'manifest',
  'seen',
];

/**
 * Forgets everything in one transaction and answers true; false, and nothing is touched, when there is still something the server
 * does not have: an operation recorded meanwhile, a proof that waits, or a colleague's log that is carried (P11). Of the identity the credential is kept until the server
 * has been told; `fresh` begins the next handheld's log.
 */
export async function wipe(db: Database, fresh: LocalValue): Promise<boolean> {
  return strict(db, EVERYTHING, async (tx) => {
    const meta = tx.objectStore('meta');
    const [local, server, identity, waiting, carried] = await Promise.all([
      meta.get('local') as Promise<LocalValue>,
      meta.get('server') as Promise<ServerValue | undefined>,
      meta.get('identity') as Promise<IdentityValue | undefined>,
      tx.objectStore('blobs').index('state').count('waiting'),
      meta.get('carried') as Promise<CarriedValue[] | undefined>,
    ]);
    const drained = server?.incarnation === local.incarnation && server.head_seq === local.seq && waiting === 0;
    const laden = carried?.some((one) => one.state === 'waiting') ?? false;
    if (!drained || laden || !identity) return false;
    await Promise.all(EVERYTHING.map((name) => tx.objectStore(name).clear()));
    await Promise.all([
      meta.put(fresh, 'local'),
      meta.put(identity.credential, 'wiping'),
      // Of the database itself, not of whose it was.
      meta.put(READABLE_FROM, 'readable_from'),
    ]);
    return true;
  });
}
