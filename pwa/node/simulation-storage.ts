/**
 * What the simulator must see and do that IndexedDB has no words for: read at once, kill in the middle, turn back.
 *
 * The one file that knows the insides of fake-indexeddb, whose version is pinned in package.json.
 * tests/pwa/node/simulation.test.ts says what it relies on.
 */
import { IDBFactory } from 'fake-indexeddb';

interface RawRecord {
  key: unknown;
  value: unknown;
}

interface RawStore {
  records: { values(): Iterable<RawRecord> };
  clear(): void;
  storeRecord(record: RawRecord, noOverwrite: boolean): void;
  deleteRecord(key: unknown): void;
}

interface RawTransaction {
  mode: string;
  _state: 'active' | 'inactive' | 'committing' | 'finished';
  _started: boolean;
  _requests: unknown[];
  _rollbackLog: (() => void)[];
}

interface RawDatabase {
  version: number;
  rawObjectStores: Map<string, RawStore>;
  transactions: RawTransaction[];
  connections: unknown[];
}

/** A copy of a whole database: rows by store. The rows themselves are never changed in place and may be shared. */
export type Image = Map<string, RawRecord[]>;

function raw(factory: IDBFactory, name: string): RawDatabase | undefined {
  return (factory as unknown as { _databases: Map<string, RawDatabase> })._databases.get(name);
}

/** Every value of a store, as it lies there now. */
export function values<T>(factory: IDBFactory, name: string, store: string): T[] {
  const rows = raw(factory, name)?.rawObjectStores.get(store)?.records.values() ?? [];
  return [...rows].map((record) => record.value as T);
}

/** The value under one key. */
export function value<T>(factory: IDBFactory, name: string, store: string, key: unknown): T | undefined {
  for (const record of raw(factory, name)?.rawObjectStores.get(store)?.records.values() ?? []) {
    if (record.key === key) return record.value as T;
  }
  return undefined;
}

/** Puts another value in the place of the one under a key, if there is one, behind everybody's back. */
export function change<T>(factory: IDBFactory, name: string, store: string, key: string, to: (old: T) => T): void {
  const old = value<T>(factory, name, store, key);
  const rows = raw(factory, name)?.rawObjectStores.get(store);
  if (old === undefined || !rows) return;
  rows.deleteRecord(key);
  rows.storeRecord({ key, value: to(old) }, false);
}

/** Writes that go on; what they have changed may yet be undone. */
export function writing(factory: IDBFactory, name: string): boolean {
  return !progress(factory, name).startsWith('0/');
}

/** How far writes have come: how many go on, and how many of those only wait for their commit. Two numbers in a text. */
export function progress(factory: IDBFactory, name: string): string {
  const open = (raw(factory, name)?.transactions ?? []).filter((tx) => unfinished(tx) && tx.mode !== 'readonly');
  return `${open.length}/${open.filter(committing).length}`;
}

function unfinished(tx: RawTransaction): boolean {
  return tx._started && tx._state !== 'finished';
}

function committing(tx: RawTransaction): boolean {
  return tx.mode === 'readwrite' && tx._requests.length === 0;
}

/**
 * What a killed process leaves on the disk, in a new factory nothing of the old process knows. A transaction that still had
 * something to do never was; one that only waited for its commit falls as `kept` says. Answers whether there was one of those.
 */
export function killed(factory: IDBFactory, name: string, kept: boolean): { factory: IDBFactory; halfDone: boolean } {
  const fresh = new IDBFactory();
  const database = raw(factory, name);
  let halfDone = false;
  if (!database) return { factory: fresh, halfDone };
  for (const tx of database.transactions.filter(unfinished)) {
    halfDone ||= committing(tx);
    if (!(committing(tx) && kept)) [...tx._rollbackLog].reverse().forEach((undo) => undo());
  }
  database.transactions = [];
  database.connections = [];
  const made = database.version > 0;
  if (made) (fresh as unknown as { _databases: Map<string, RawDatabase> })._databases.set(name, database);
  return { factory: fresh, halfDone };
}

/** A copy to come back to. */
export function image(factory: IDBFactory, name: string): Image {
  const stores = raw(factory, name)?.rawObjectStores ?? new Map<string, RawStore>();
  return new Map([...stores].map(([store, { records }]) => [store, [...records.values()]]));
}

/** Puts the rows of a copy back in place of those there now; nobody may have the database open. */
export function turnBack(factory: IDBFactory, name: string, copy: Image): void {
  for (const [store, rows] of raw(factory, name)?.rawObjectStores ?? []) {
    rows.clear();
    for (const { key, value } of copy.get(store) ?? []) rows.storeRecord({ key, value }, false);
  }
}

/** Takes rows away behind everybody's back: all of a store, or those under these keys. For planted bugs. */
export function forget(factory: IDBFactory, name: string, store: string, keys?: string[]): void {
  const rows = raw(factory, name)?.rawObjectStores.get(store);
  if (keys === undefined) rows?.clear();
  else keys.forEach((key) => rows?.deleteRecord(key));
}
