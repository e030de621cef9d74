/** Opening the database and the one way to write to it. */
import { wrap, type IDBPDatabase, type IDBPTransaction } from 'idb';

import {
  DATABASE_VERSION,
  READABLE_FROM,
  type Database,
  type DoorstepSchema,
  type MetaValues,
  type StoreName,
} from './schema';

/** `quota`: the disk is full, nothing of the write was kept. `outdated`: a newer app made this database, or has it open. */
export class StoreError extends Error {
  constructor(
    public readonly code: 'quota' | 'outdated' | 'unavailable',
    options?: { cause: unknown },
  ) {
    super(code, options);
    this.name = 'StoreError';
  }
}

export type Write<Names extends StoreName> = IDBPTransaction<DoorstepSchema, Names[], 'readwrite'>;

/**
 * Opens through the given factory, never through the global one. A newer version elsewhere closes this connection.
 *
 * After a rollback this code meets a database that newer code has upgraded. It works on it as it is where the newer code has said
 * that it may, and refuses it untouched where not: deleting it would be deleting what nobody else has.
 */
export async function openDatabase(factory: IDBFactory, name: string): Promise<Database> {
  try {
    return await opened(factory, name, DATABASE_VERSION);
  } catch (cause) {
    if (nameOf(cause) !== 'VersionError') throw new StoreError('unavailable', { cause });
    const db = await opened(factory, name);
    const since = await readMeta(db, 'readable_from');
    if (since !== undefined && since <= DATABASE_VERSION) return db;
    db.close();
    throw new StoreError('outdated', { cause });
  }
}

async function opened(factory: IDBFactory, name: string, version?: number): Promise<Database> {
  const request = factory.open(name, version);
  request.onupgradeneeded = (event) => create(request, event.oldVersion);
  const db = (await wrap(request)) as unknown as Database;
  db.addEventListener('versionchange', () => db.close());
  return db;
}

/** What the courier is shown rests on these: a write to one of them is counted, so that whoever remembers them knows (P9). */
const SHOWN: readonly StoreName[] = ['outbox', 'results', 'journal', 'rows', 'cursors', 'blobs', 'seen'];

/**
 * One strict readwrite transaction (P7): when it resolves, the disk has it; when it rejects, nothing of it was kept.
 *
 * `work` may await nothing but requests of `tx`: a transaction commits as soon as nobody asks it for anything. It is told how many
 * writes there were before this one.
 */
export async function strict<Names extends StoreName, T>(
  db: Database,
  names: Names[],
  work: (tx: Write<Names>, writes: Promise<number>) => Promise<T>,
): Promise<T> {
  const counts = names.some((name) => SHOWN.includes(name));
  const stores = counts ? [...new Set<StoreName>([...names, 'meta'])] : names;
  const tx = db.transaction(stores as Names[], 'readwrite', { durability: 'strict' });
  const writes = counts ? count(tx as unknown as Write<'meta'>) : Promise.resolve(0);
  const worked = work(tx, writes).catch((error: unknown) => {
    abort(tx);
    throw error;
  });
  try {
    const [value] = await Promise.all([worked, tx.done]);
    return value;
  } catch (cause) {
    // Of several requests that fail together any may be heard first; the transaction knows why.
    const names = [nameOf(cause), nameOf(tx.error)];
    if (names.includes('QuotaExceededError')) throw new StoreError('quota', { cause });
    throw cause;
  }
}

/** One more; answers how many there were before. What goes wrong with it the transaction says. */
function count(tx: Write<'meta'>): Promise<number> {
  const meta = tx.objectStore('meta');
  const before = meta.get('writes').then((known) => (known as number | undefined) ?? 0);
  before.then((known) => meta.put(known + 1, 'writes')).catch(() => undefined);
  return before;
}

export async function readMeta<Key extends keyof MetaValues>(
  db: Database,
  key: Key,
): Promise<MetaValues[Key] | undefined> {
  return (await db.get('meta', key)) as MetaValues[Key] | undefined;
}

export async function writeMeta<Key extends keyof MetaValues>(
  db: Database,
  key: Key,
  value: MetaValues[Key],
): Promise<void> {
  await strict(db, ['meta'], (tx) => tx.objectStore('meta').put(value, key));
}

/** Later versions add stores and indexes in further steps; `outbox` is never touched again (P8). */
function create({ result, transaction }: IDBOpenDBRequest, oldVersion: number): void {
  const db = wrap(result) as unknown as IDBPDatabase<DoorstepSchema>;
  if (oldVersion < 1) first(db);
  transaction?.objectStore('meta').put(READABLE_FROM, 'readable_from');
}

function first(db: IDBPDatabase<DoorstepSchema>): void {
  db.createObjectStore('meta');
  db.createObjectStore('outbox', { keyPath: 'op_id' }).createIndex('seq', 'seq');
  db.createObjectStore('results', { keyPath: 'op_id' });
  const journal = db.createObjectStore('journal', { keyPath: 'op_id' });
  journal.createIndex('place', ['incarnation', 'seq'], { unique: true });
  journal.createIndex('type', 'envelope.type');
  db.createObjectStore('rows', { keyPath: 'entity' }).createIndex('scope', 'scope');
  db.createObjectStore('staging', { keyPath: ['run', 'scope', 'entity'] });
  db.createObjectStore('cursors', { keyPath: 'scope' });
  db.createObjectStore('blobs', { keyPath: 'sha' }).createIndex('state', 'state');
  db.createObjectStore('bytes', { keyPath: 'sha' });
  db.createObjectStore('manifest', { keyPath: 'station' });
  db.createObjectStore('seen', { keyPath: 'id' });
}

function abort(tx: { abort(): void }): void {
  try {
    tx.abort();
  } catch {
    // It had already ended by itself: a failed request aborts its own transaction.
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'name' in error)
    ? String((error as { name: unknown }).name)
    : '';
}
