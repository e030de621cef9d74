/** Operations on their way: recorded, answered, settled. Nothing here deletes an operation the server does not have (P11). */
import type { Envelope } from '../../sync/ts/records';
import { strict, writeMeta, type Write } from './database';
import type {
  BlobRow,
  Database,
  JournalRow,
  LocalValue,
  MirrorRow,
  OutboxRow,
  ResultRow,
  ServerValue,
  SwapStore,
} from './schema';

/** What the builder of a submit may look at, read inside the very transaction that stores it. */
export interface AppendState {
  head: LocalValue;
  rows: MirrorRow[];
  entries: OutboxRow[];
  results: ResultRow[];
}

export interface Appended {
  envelopes: Envelope[];
  head: LocalValue;
  blobs: { row: BlobRow; bytes: Uint8Array }[];
  /** What the list shows of tasks the server has not told us of. */
  rows?: MirrorRow[];
}

/** What the disk has got, for whoever remembers what was there before it. */
export interface Kept {
  /** How many writes there were before this one. */
  writes: number;
  head: LocalValue;
  entries: OutboxRow[];
  journal: JournalRow[];
  /** Those that were not there yet. */
  blobs: BlobRow[];
  rows: MirrorRow[];
}

/**
 * Records operations: outbox, journal, chain head and proofs in one transaction (P7).
 *
 * `build` runs inside it and is synchronous, so that two tabs can never take the same seq; what it throws undoes everything.
 * `look` says what `build` wants to see: rows of these entities, and whether for these the outbox with its results; and it names the
 * proofs that may come with it. All of it is asked for at once: a courier waits for every round to the disk.
 */
export async function append(
  db: Database,
  look: { rows: string[]; outbox: (rows: MirrorRow[]) => boolean; blobs: string[] },
  build: (state: AppendState) => Appended,
): Promise<Kept> {
  return strict(db, ['meta', 'outbox', 'journal', 'blobs', 'bytes', 'rows', 'results'], async (tx, writes) => {
    const [before, local, found, known] = await Promise.all([
      writes,
      tx.objectStore('meta').get('local'),
      Promise.all([...new Set(look.rows)].map((entity) => tx.objectStore('rows').get(entity))),
      Promise.all(look.blobs.map((sha) => tx.objectStore('blobs').get(sha))),
    ]);
    const rows = found.filter(isThere);
    const entries = look.outbox(rows) ? await tx.objectStore('outbox').index('seq').getAll() : [];
    const results = await Promise.all(entries.map((entry) => tx.objectStore('results').get(entry.op_id)));
    const made = build({ head: local as LocalValue, rows, entries, results: results.filter(isThere) });
    const there = new Set(known.filter(isThere).flatMap((row) => (row.state === 'refused' ? [] : [row.sha])));
    const fresh = made.blobs.filter(({ row }) => !there.has(row.sha));
    const kept: Kept = {
      writes: before,
      head: made.head,
      entries: made.envelopes.map(outboxRow),
      journal: made.envelopes.map(journalRow),
      blobs: fresh.map(({ row }) => row),
      rows: made.rows ?? [],
    };
    const written = Promise.all([
      tx.objectStore('meta').put(made.head, 'local'),
      ...kept.entries.map((entry) => tx.objectStore('outbox').add(entry)),
      ...kept.journal.map((row) => tx.objectStore('journal').add(row)),
      ...kept.rows.map((row) => tx.objectStore('rows').put(row)),
      ...fresh.flatMap(({ row, bytes }) => [
        tx.objectStore('blobs').put(row),
        tx.objectStore('bytes').put({ sha: row.sha, bytes }),
      ]),
    ]);
    // Nothing more is asked: the disk need not wait until a busy page has heard of each of these to make them last.
    tx.commit();
    await written;
    return kept;
  });
}

/** Journal rows of an incarnation from `from` on, in order, at most `limit`. */
export async function slice(db: Database, incarnation: string, from: number, limit: number): Promise<JournalRow[]> {
  const range = IDBKeyRange.bound([incarnation, from], [incarnation, Number.MAX_SAFE_INTEGER]);
  return db.getAllFromIndex('journal', 'place', range, limit);
}

/** Whose operations may be told again: those of another courier on another device never are (P11). */
export interface Teller {
  device: string;
  user: string;
}

/**
 * Takes the server's answers in: results, acknowledgement in the journal and what the server said of itself, in one go.
 *
 * `forgot` says who tells when the server has forgotten part of what it had (P31): in the same transaction the cursors go, and
 * operations of this device or this courier that it may not have any more are unanswered again. They lie over the rows from the
 * moment on at which these are the server's of now (`swap`); those of before show what they did.
 */
export async function absorb(
  db: Database,
  results: ResultRow[],
  server: ServerValue,
  now: number,
  forgot: Teller | null = null,
): Promise<void> {
  // Most exchanges answer nothing: that the server was heard changes nothing that is shown of tasks.
  if (!results.length && forgot === null) return writeMeta(db, 'server', server);
  await strict(db, ['results', 'journal', 'meta', 'cursors'], async (tx) => {
    const journal = tx.objectStore('journal');
    if (forgot !== null) await reopen(tx, server, forgot);
    const rows = await Promise.all(results.map((result) => journal.get(result.op_id)));
    await Promise.all([
      tx.objectStore('meta').put(server, 'server'),
      ...results.map((result) => tx.objectStore('results').put(result)),
      ...rows.filter((row) => row !== undefined).map((row) => journal.put({ ...row, acked_at: row.acked_at ?? now })),
    ]);
  });
}

/** Whether operations wait that this database's present chain does not send: those a server has forgotten (P31). */
export async function leftOver(db: Database): Promise<boolean> {
  return (await db.getAll('journal')).some((row) => row.acked_at === null);
}

/** Lays unanswered operations of a chain over the rows that do not hold them any more. */
export async function layAgain(tx: Write<SwapStore>, incarnation: string): Promise<void> {
  const range = IDBKeyRange.bound([incarnation, 0], [incarnation, Number.MAX_SAFE_INTEGER]);
  const rows = await tx.objectStore('journal').index('place').getAll(range);
  const open = rows.filter((row) => row.acked_at === null);
  const results = await Promise.all(open.map((row) => tx.objectStore('results').get(row.op_id)));
  await Promise.all(
    open
      .filter((_, i) => !results[i]?.parked)
      .flatMap(({ op_id, envelope }) => [
        tx.objectStore('outbox').put(outboxRow(envelope)),
        tx.objectStore('results').delete(op_id),
      ]),
  );
}

async function reopen(
  tx: Write<'results' | 'journal' | 'meta' | 'cursors'>,
  server: ServerValue,
  teller: Teller,
): Promise<void> {
  const all = await tx.objectStore('journal').getAll();
  const doubted = all.filter(
    (row) =>
      row.acked_at !== null &&
      (row.envelope.device === teller.device || row.envelope.author === teller.user) &&
      (row.incarnation !== server.incarnation || row.seq > server.head_seq),
  );
  await Promise.all([
    tx.objectStore('meta').put(true, 'offer'),
    tx.objectStore('cursors').clear(),
    ...doubted.map((row) => tx.objectStore('journal').put({ ...row, acked_at: null })),
  ]);
}

/**
 * Drops settled operations from the outbox, and tombstones nothing waits behind any more. An operation the server has not
 * answered for is kept whatever the caller says (P11); the journal keeps all of them.
 */
export async function settle(db: Database, opIds: string[], tombstones: string[]): Promise<void> {
  if (!opIds.length && !tombstones.length) return;
  await strict(db, ['outbox', 'journal', 'rows'], async (tx) => {
    const kept = await Promise.all(opIds.map((id) => tx.objectStore('journal').get(id)));
    const rows = await Promise.all(tombstones.map((entity) => tx.objectStore('rows').get(entity)));
    const safe = kept.filter((row) => row !== undefined && row.acked_at !== null) as JournalRow[];
    const gone = rows.filter((row) => row !== undefined && !row.present) as MirrorRow[];
    await Promise.all([
      ...safe.map((row) => tx.objectStore('outbox').delete(row.op_id)),
      ...gone.map((row) => tx.objectStore('rows').delete(row.entity)),
    ]);
  });
}

/** Gives an operation its new place in a new chain. */
export type Restamp = (envelope: Envelope, seq: number, prev: string | null) => { envelope: Envelope; hash: string };

/**
 * Moves every operation the server never answered into a new incarnation, in one transaction. Answers how many.
 *
 * Answers of our own (parked operations) are forgotten: the new chain asks again.
 */
export async function restamp(db: Database, incarnation: string, again: Restamp): Promise<number> {
  return strict(db, ['meta', 'journal', 'outbox', 'results', 'blobs'], async (tx) => {
    const [journal, blobs] = await Promise.all([
      tx.objectStore('journal').index('place').getAll(),
      tx.objectStore('blobs').getAll(),
    ]);
    const open = journal.filter((row) => row.acked_at === null).sort(inOrder(journal));
    let head: LocalValue = { incarnation, seq: 0, prev: null };
    const moved = open.map((row) => {
      const { envelope, hash } = again(row.envelope, head.seq + 1, head.prev);
      head = { incarnation, seq: head.seq + 1, prev: hash };
      return envelope;
    });
    const places = new Map(moved.map((envelope) => [envelope.op_id, envelope.seq as number]));
    const mine = blobs.filter((blob) => places.has(blob.op_id));
    const rest = blobs.filter((blob) => !places.has(blob.op_id));
    await Promise.all([
      tx.objectStore('meta').put(head, 'local'),
      ...moved.flatMap((envelope) => [
        tx.objectStore('journal').put(journalRow(envelope)),
        tx.objectStore('outbox').put(outboxRow(envelope)),
        tx.objectStore('results').delete(envelope.op_id),
      ]),
      ...mine.map((blob) => tx.objectStore('blobs').put({ ...blob, seq: places.get(blob.op_id) as number })),
      // Proofs of confirmed operations no longer wait for any seq of this chain.
      ...rest.map((blob) => tx.objectStore('blobs').put({ ...blob, seq: 0 })),
    ]);
    return moved.length;
  });
}

/** Chain after chain in the order in which they began, each in the order of its seq. */
function inOrder(journal: JournalRow[]): (a: JournalRow, b: JournalRow) => number {
  const began = new Map<string, string>();
  for (const { incarnation, op_id } of journal) {
    const known = began.get(incarnation);
    if (known === undefined || op_id < known) began.set(incarnation, op_id);
  }
  const start = (row: JournalRow): string => began.get(row.incarnation) as string;
  return (a, b) => (a.incarnation === b.incarnation ? a.seq - b.seq : start(a) < start(b) ? -1 : 1);
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function outboxRow(envelope: Envelope): OutboxRow {
  return { seq: envelope.seq as number, op_id: envelope.op_id, enc: 'none', envelope };
}

function journalRow(envelope: Envelope): JournalRow {
  return {
    op_id: envelope.op_id,
    incarnation: envelope.incarnation as string,
    seq: envelope.seq as number,
    envelope,
    acked_at: null,
  };
}
