/** Opening the database and the one way to write to it. */
import { wrap, type IDBPDatabase, type IDBPTransaction } from 'idb';

import { DATABASE_VERSION, type Database, type DoorstepSchema, type MetaValues, type StoreName } from './schema';

/** `quota`: the disk is full, nothing of the write was kept. `outdated`: a newer app has this database open. */
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

/** Opens through the given factory, never through the global one. A newer version elsewhere closes this connection. */
export async function openDatabase(factory: IDBFactory, name: string): Promise<Database> {
  const request = factory.open(name, DATABASE_VERSION);
  request.onupgradeneeded = (event) => create(request.result, event.oldVersion);
  try {
    const db = (await wrap(request)) as unknown as Database;
    db.addEventListener('versionchange', () => db.close());
    return db;
  } catch (cause) {
    throw new StoreError(nameOf(cause) === 'VersionError' ? 'outdated' : 'unavailable', { cause });
  }
}

/**
 * One strict readwrite transaction (P7): when it resolves, the disk has it; when it rejects, nothing of it was kept.
 *
 * `work` may await nothing but requests of `tx`: a transaction commits as soon as nobody asks it for anything.
 */
export async function strict<Names extends StoreName, T>(
  db: Database,
  names: Names[],
  work: (tx: Write<Names>) => Promise<T>,
): Promise<T> {
  const tx = db.transaction(names, 'readwrite', { durability: 'strict' });
  const worked = work(tx).catch((error: unknown) => {
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
function create(raw: IDBDatabase, oldVersion: number): void {
  const db = wrap(raw) as unknown as IDBPDatabase<DoorstepSchema>;
  if (oldVersion >= 1) return;
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
