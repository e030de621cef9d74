/**
 * What the screens are shown is read from the disk once and kept, as long as nobody has written since: the disk itself counts the
 * writes, whoever makes them (another tab, the service worker, a sync), and is asked for that number before anything is shown from
 * memory. An operation recorded here moves both on (`carryOver`).
 */
import type { Kept, LocalValue, MetaValues, MirrorRow, OutboxRow, ResultRow, StoreName, Write } from '../store';
import type { Context } from './context';
import { pictureAfter, pictureOf, type Picture } from './picture';
import { SHIFT_LOG } from './shift';
import type { Snapshot } from './views';

/** A picture, and of which moment it is. */
export interface Held {
  picture: Picture;
  writes: number;
  local: LocalValue;
  whose: string;
}

/** What a status and a verdict say besides the picture. */
export type Meta = Partial<MetaValues>;

export interface Look {
  meta: Meta;
  picture: Picture;
}

const STORES: StoreName[] = ['meta', 'rows', 'outbox', 'results', 'cursors', 'blobs', 'seen', 'journal'];
type Read = Pick<
  Write<'meta' | 'rows' | 'outbox' | 'results' | 'cursors' | 'blobs' | 'seen' | 'journal'>,
  'objectStore'
>;

/** How everything stands now. Who ask in the same turn get one answer: a screen asks for list, outbox and status together. */
export function look(ctx: Context): Promise<Look> {
  if (ctx.looking === null) {
    ctx.looking = lookOnce(ctx);
    void Promise.resolve().then(() => (ctx.looking = null));
  }
  return ctx.looking;
}

/** Carries the picture over what was just recorded, if it is of the moment before; otherwise the next look reads anew. */
export function carryOver(ctx: Context, kept: Kept): void {
  const { held } = ctx;
  if (!held || held.writes !== kept.writes || held.whose !== whose(ctx)) return;
  // A row beside the operations is a colleague's word of a task: rare, and read anew.
  const picture = kept.rows.length ? null : pictureAfter(held.picture, kept);
  ctx.held = picture && { ...held, picture, writes: kept.writes + 1, local: kept.head };
}

async function lookOnce(ctx: Context): Promise<Look> {
  if (ctx.held) {
    const meta = await readAsked(ctx.db.transaction(['meta'], 'readonly') as unknown as Read);
    if (ctx.held && isNow(ctx, ctx.held, meta)) return { meta, picture: ctx.held.picture };
  }
  // One read transaction, so that nothing mixes two moments.
  const tx = ctx.db.transaction(STORES, 'readonly') as unknown as Read;
  const of = { user: ctx.identity?.user.id ?? null, me: loggedIn(ctx) };
  const [meta, snap] = await Promise.all([readAsked(tx), readAll(tx, of)]);
  const picture = pictureOf(snap);
  const local = meta.local as LocalValue;
  ctx.held = { picture, writes: meta.writes ?? 0, local, whose: `${of.user}/${of.me}` };
  return { meta, picture };
}

function isNow(ctx: Context, held: Held, meta: Meta): boolean {
  // An older app in another tab counts no writes: of what it records the log's head tells.
  const sameLog = meta.local?.incarnation === held.local.incarnation && meta.local.seq === held.local.seq;
  return sameLog && (meta.writes ?? 0) === held.writes && whose(ctx) === held.whose;
}

function whose(ctx: Context): string {
  return `${ctx.identity?.user.id ?? null}/${loggedIn(ctx)}`;
}

function loggedIn({ identity }: Context): string | null {
  return identity && identity.session !== null ? identity.user.id : null;
}

async function readAsked(tx: Read): Promise<Meta> {
  const meta = tx.objectStore('meta');
  // Two answers of the disk instead of one for each: all of it is a dozen small values.
  const [keys, values] = await Promise.all([meta.getAllKeys(), meta.getAll()]);
  return Object.fromEntries(keys.map((key, at) => [key, values[at]])) as Meta;
}

async function readAll(tx: Read, of: { user: string | null; me: string | null }): Promise<Snapshot> {
  const types = tx.objectStore('journal').index('type');
  const [rows, { all, results }, cursors, waitingBlobs, seen, log] = await Promise.all([
    tx.objectStore('rows').getAll(),
    readOutbox(tx),
    tx.objectStore('cursors').getAll(),
    tx.objectStore('blobs').index('state').getAll('waiting'),
    tx.objectStore('seen').getAllKeys(),
    Promise.all(SHIFT_LOG.map((type) => types.getAll(type))),
  ]);
  const isMine = (entry: OutboxRow): boolean => entry.envelope.author === of.me;
  return {
    ...of,
    rows: new Map(rows.map((row: MirrorRow) => [row.entity, row])),
    entries: all.filter(isMine),
    others: all.filter((entry) => !isMine(entry)),
    results,
    cursors: Object.fromEntries(cursors.map(({ scope, ver }) => [scope, ver])),
    waitingBlobs,
    seen: new Set(seen),
    shiftLog: log.flat().filter((row) => row.envelope.author === of.user),
  };
}

/** The outbox and the answers to it, which are kept longer than it keeps operations: ids begin with their time (P4). */
async function readOutbox(tx: Read): Promise<{ all: OutboxRow[]; results: Record<string, ResultRow> }> {
  const all = await tx.objectStore('outbox').index('seq').getAll();
  const ids = all.map((entry) => entry.op_id).sort();
  const [first, last] = [ids[0], ids.at(-1)];
  const found =
    first === undefined || last === undefined
      ? []
      : await tx.objectStore('results').getAll(IDBKeyRange.bound(first, last));
  const open = new Set(ids);
  return { all, results: Object.fromEntries(found.flatMap((row) => (open.has(row.op_id) ? [[row.op_id, row]] : []))) };
}
