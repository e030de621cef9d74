/** The server's rows as last pulled. Pages are staged and swapped in together with the cursor (P26). */
import { strict } from './database';
import type { Database, MirrorRow, StagedRow } from './schema';

/** A scope whose last page has come. `staged`: rows of earlier pages this run put aside; `rows`: those of the last page. */
export interface Swap {
  scope: string;
  to: number;
  staged: number;
  rows: MirrorRow[];
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

/** Makes complete scopes visible: their rows and cursors in one transaction. */
export async function swap(db: Database, run: string, swaps: Swap[], keep: Keep): Promise<void> {
  if (!swaps.length) return;
  await strict(db, ['staging', 'rows', 'cursors'], async (tx) => {
    for (const one of swaps) {
      const range = IDBKeyRange.bound([run, one.scope], [run, one.scope, '\uffff']);
      const staged = await tx.objectStore('staging').getAll(range);
      if (staged.length !== one.staged) throw new StagingLost(one.scope);
      const cursor = await tx.objectStore('cursors').get(one.scope);
      const incoming = new Map([...staged.map(unstage), ...one.rows].map((row) => [row.entity, row]));
      const before = await Promise.all([...incoming.keys()].map((entity) => tx.objectStore('rows').get(entity)));
      const newer = [...incoming.values()]
        .map((row, i) => ({ row, before: before[i] }))
        .filter((pair) => supersedes(pair.row, pair.before))
        .map((pair) => keep(pair.row, pair.before));
      await Promise.all([
        tx.objectStore('staging').delete(range),
        ...newer.map((row) => tx.objectStore('rows').put(row)),
        tx.objectStore('cursors').put({ scope: one.scope, ver: Math.max(one.to, cursor?.ver ?? 0) }),
      ]);
    }
  });
}

/** Forgets rows and cursors, so that the next pull rebuilds them (P29). The outbox and the journal are untouched. */
export async function clearMirror(db: Database): Promise<void> {
  await strict(db, ['staging', 'rows', 'cursors'], async (tx) => {
    await Promise.all([
      tx.objectStore('staging').clear(),
      tx.objectStore('rows').clear(),
      tx.objectStore('cursors').clear(),
    ]);
  });
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
