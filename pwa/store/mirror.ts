/** The server's rows as last pulled. Pages are staged and swapped in together with the cursor (P26). */
import { readMeta, strict, type Write } from './database';
import { layAgain } from './outbox';
import type { Database, IdentityValue, LocalValue, MirrorRow, StagedRow, SwapStore } from './schema';

const SHOWN: SwapStore[] = ['meta', 'staging', 'rows', 'cursors'];
/** Needed as well when a server has forgotten what the rows were made of. */
const WAITING: SwapStore[] = ['journal', 'outbox', 'results'];

/**
 * A scope whose last page has come. `staged`: rows of earlier pages this run put aside; `rows`: those of the last page; `fresh`:
 * they are all there is, what else we have of the scope is over; `holds`: whether what is present then is what the server has
 * at `to` (P30), where that is known.
 */
export interface Swap {
  scope: string;
  to: number;
  staged: number;
  rows: MirrorRow[];
  fresh: boolean;
  holds: ((present: MirrorRow[]) => boolean) | null;
}

/** Two pulls ran at once and one cleared the other's pages: the pull must start again from the stored cursors. */
export class StagingLost extends Error {}

/** Somebody else is logged in by now, or nobody: what was asked for is not his to see (P34). */
export class ReaderGone extends Error {}

/** One pull: what marks its pages, and whom the server answers. */
export interface Pull {
  run: string;
  reader: IdentityValue | undefined;
}

/** Puts a page aside. Nothing of it is visible before `swap`. */
export async function stage(db: Database, { run, reader }: Pull, rows: MirrorRow[]): Promise<void> {
  if (!rows.length) return;
  await strict(db, ['meta', 'staging'], async (tx) => {
    await stillReads(tx, reader);
    await Promise.all(rows.map((row) => tx.objectStore('staging').put({ ...row, run } satisfies StagedRow)));
  });
}

/** Forgets pages of runs that did not end. */
export async function clearStaging(db: Database): Promise<void> {
  if ((await db.count('staging')) === 0) return;
  await strict(db, ['staging'], (tx) => tx.objectStore('staging').clear());
}

/** Makes of a pulled row what is to be kept, knowing the one it replaces: of a removal little, of a change what is news. */
export type Keep = (row: MirrorRow, before: MirrorRow | undefined) => MirrorRow;

/**
 * Makes complete scopes visible: their rows and cursors in one transaction, in which they are held against what
 * the server has as well (P30). Answers the scopes that differ.
 */
export async function swap(db: Database, { run, reader }: Pull, swaps: Swap[], keep: Keep): Promise<string[]> {
  if (!swaps.length) return [];
  const known = await cursors(db);
  if (swaps.every((one) => bringsNothing(one, known))) return differing(db, swaps);
  const offer = (await readMeta(db, 'offer')) === true;
  return strict(db, offer ? [...SHOWN, ...WAITING] : SHOWN, async (tx) => {
    await stillReads(tx, reader);
    const apart: string[] = [];
    for (const one of swaps) {
      const range = IDBKeyRange.bound([run, one.scope], [run, one.scope, '\uffff']);
      const staged = await tx.objectStore('staging').getAll(range);
      if (staged.length !== one.staged) throw new StagingLost(one.scope);
      const cursor = (await tx.objectStore('cursors').get(one.scope))?.ver ?? 0;
      const incoming = new Map([...staged.map(unstage), ...one.rows].map((row) => [row.entity, row]));
      const before = await Promise.all([...incoming.keys()].map((entity) => tx.objectStore('rows').get(entity)));
      const newer = [...incoming.values()]
        .map((row, i) => ({ row, before: before[i] }))
        .filter((pair) => one.fresh || supersedes(pair.row, pair.before))
        .map((pair) => keep(pair.row, pair.before));
      if (one.fresh) await endOthers(tx, one, incoming, keep);
      await Promise.all([
        tx.objectStore('staging').delete(range),
        ...newer.map((row) => tx.objectStore('rows').put(row)),
        tx.objectStore('cursors').put({ scope: one.scope, ver: one.fresh ? one.to : Math.max(one.to, cursor) }),
      ]);
      // Another tab may be further on than this page: then it speaks of a past state.
      const current = one.fresh || cursor <= one.to;
      if (offer && one.fresh && one.scope.startsWith('courier:')) {
        await layAgain(tx, ((await tx.objectStore('meta').get('local')) as LocalValue).incarnation);
      }
      if (one.holds && current && !one.holds(await present(tx, one.scope))) apart.push(one.scope);
    }
    return apart;
  });
}

/**
 * In the transaction that keeps the rows: a login that begins or ends while an answer is on its way clears the list in one of its
 * own, and what came after it would be the list of the one before.
 */
async function stillReads(tx: Write<SwapStore>, reader: IdentityValue | undefined): Promise<void> {
  const now = (await tx.objectStore('meta').get('identity')) as IdentityValue | undefined;
  if (!sameReader(now, reader)) throw new ReaderGone();
}

/** Whether two logins are one. */
export function sameReader(one: IdentityValue | null | undefined, other: IdentityValue | null | undefined): boolean {
  return one?.user.id === other?.user.id && one?.session === other?.session;
}

/** Where a scope has never held anything, every walk of it begins from nothing and ends there. */
function bringsNothing(one: Swap, known: Record<string, number>): boolean {
  const cursor = known[one.scope] ?? -1;
  return !one.staged && !one.rows.length && (one.fresh ? one.to === 0 && cursor === 0 : one.to <= cursor);
}

/** The scopes that are not as the server has them, where there is nothing to write: what most asking comes to. */
async function differing(db: Database, swaps: Swap[]): Promise<string[]> {
  const tx = db.transaction(['rows', 'cursors'], 'readonly');
  const apart = swaps.map(async ({ scope, to, holds }) => {
    const [cursor, rows] = await Promise.all([
      tx.objectStore('cursors').get(scope),
      tx.objectStore('rows').index('scope').getAll(scope),
    ]);
    return holds && (cursor?.ver ?? 0) <= to && !holds(rows.filter((row) => row.present)) ? [scope] : [];
  });
  return (await Promise.all(apart)).flat();
}

/**
 * What a walk from nothing did not bring is over. A task becomes a tombstone, as if it had been taken away, so that what waits
 * behind it can still be named (P28); anything else goes.
 */
async function endOthers(tx: Write<SwapStore>, one: Swap, incoming: Map<string, MirrorRow>, keep: Keep): Promise<void> {
  const rows = tx.objectStore('rows');
  const over = (await rows.index('scope').getAll(one.scope)).filter((row) => row.present && !incoming.has(row.entity));
  await Promise.all(
    over.map((row) =>
      row.entity.startsWith('task:')
        ? rows.put(keep({ ...row, ver: one.to, present: false, reason: null, body: null }, row))
        : rows.delete(row.entity),
    ),
  );
}

async function present(tx: Write<SwapStore>, scope: string): Promise<MirrorRow[]> {
  return (await tx.objectStore('rows').index('scope').getAll(scope)).filter((row) => row.present);
}

export async function cursors(db: Database): Promise<Record<string, number>> {
  const all = await db.getAll('cursors');
  return Object.fromEntries(all.map(({ scope, ver }) => [scope, ver]));
}

/** All rows of a kind of entity, tombstones included. */
export async function rowsOfKind(db: Database, kind: string): Promise<MirrorRow[]> {
  return db.getAll('rows', IDBKeyRange.bound(`${kind}:`, `${kind}:\uffff`));
}

function unstage({ run: _run, ...row }: StagedRow): MirrorRow {
  return row;
}

function supersedes(row: MirrorRow, present: MirrorRow | undefined): boolean {
  return present === undefined || present.scope !== row.scope || present.ver < row.ver;
}
