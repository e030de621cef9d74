/** The server's rows as last pulled. Pages are staged and swapped in together with the cursor (P26). */
import { readMeta, strict, type Write } from './database';
import { layAgain } from './outbox';
import type { Database, LocalValue, MirrorRow, StagedRow, SwapStore } from './schema';

const SHOWN: SwapStore[] = ['staging', 'rows', 'cursors'];
/** Needed as well when a server has forgotten what the rows were made of. */
const WAITING: SwapStore[] = ['meta', 'journal', 'outbox', 'results'];

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

/** Puts a page aside. Nothing of it is visible before `swap`. */
export async function stage(db: Database, run: string, rows: MirrorRow[]): Promise<void> {
  if (!rows.length) return;
  await strict(db, ['staging'], async (tx) => {
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
export async function swap(db: Database, run: string, swaps: Swap[], keep: Keep): Promise<string[]> {
  if (!swaps.length) return [];
  const offer = (await readMeta(db, 'offer')) === true;
  return strict(db, offer ? [...SHOWN, ...WAITING] : SHOWN, async (tx) => {
    const differing: string[] = [];
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
      if (one.holds && current && !one.holds(await present(tx, one.scope))) differing.push(one.scope);
    }
    return differing;
  });
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
