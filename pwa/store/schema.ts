/** What lies in the handheld's IndexedDB. Types and names only. */
import type { DBSchema, IDBPDatabase } from 'idb';

import type { Envelope, Json, ResultStatus } from '../../sync/ts/records';

/** Of this code. What another version of it may do with the database `openDatabase` decides. */
export const DATABASE_VERSION = 1;
/**
 * The oldest code that may still work on what this code writes. Raised only when older code would read something wrongly: a
 * rollback to code from before that finds handhelds that cannot work until the newer code is back.
 */
export const READABLE_FROM = 1;

/**
 * One operation not yet settled. **This shape is frozen for ever** (P8): no upgrade may rewrite or drop these rows. `enc` says
 * how `envelope` is kept, so that encryption at rest can come without touching the table.
 */
export interface OutboxRow {
  seq: number;
  op_id: string;
  enc: 'none';
  envelope: Envelope;
}

/** Every operation ever recorded here, kept after the server has it (P10). `acked_at`: server clock, ms. */
export interface JournalRow {
  op_id: string;
  incarnation: string;
  seq: number;
  envelope: Envelope;
  acked_at: number | null;
}

/** The server's answer to one operation, or our own when we had to park it (`parked`). */
export interface ResultRow {
  op_id: string;
  seq: number;
  status: ResultStatus;
  code: string | null;
  detail: string | null;
  applied_at: { scope: string; ver: number } | null;
  conflict: string | null;
  at: number;
  parked?: true;
}

/** Something dispatcher or customer changed of a task on the list: what was, and what is. */
export interface Change {
  what:
    | 'added'
    | 'removed'
    | 'window'
    | 'address'
    | 'sequence'
    | 'phone'
    | 'pieces'
    | 'amount'
    | 'cancelled'
    | 'revived'
    | 'request'
    | 'note';
  /** Of the request or the note; "" for what a task has once. */
  id: string;
  was: Json;
  is: Json;
  /** When this handheld heard of it. */
  at: number;
}

/** A pulled row. A removal stays as `present: false` with its personal data gone, so that what waits can be named (P28). */
export interface MirrorRow {
  entity: string;
  scope: string;
  rev: number;
  ver: number;
  present: boolean;
  reason: string | null;
  body: unknown;
  /** Ids of requests that came or changed since the courier last opened the task; absent when there are none. */
  fresh?: string[];
  /** What others changed of it since the courier last said that he had seen it; absent when there is nothing. */
  changes?: Change[];
}

/** A page's row before its scope is complete. `run` keeps two pulls apart. */
export interface StagedRow extends MirrorRow {
  run: string;
}

/** A proof. The bytes lie in `bytes`, so that listing proofs does not load photos. */
export interface BlobRow {
  sha: string;
  type: string;
  kind: 'signature' | 'photo';
  size: number;
  op_id: string;
  /** Entity of the operation. */
  entity: string;
  seq: number;
  state: 'waiting' | 'stored' | 'refused';
  code: string | null;
}

export interface ManifestRow {
  station: string;
  published_at: number;
  /** [first 16 hex digits of sha256(waybill), route label, flags: 1 recalled, 2 closed] */
  entries: [string, string, number][];
}

export interface IdentityValue {
  device: string;
  credential: string;
  user: { id: string; name: string; lang: 'zh' | 'en' };
  station: { id: string; code: string; name: string; timezone: string };
  /** The courier's login beside the device's credential; null after he has logged out, absent from before there were any. */
  session?: string | null;
}

/** What the server last said it tells this handheld: changes, nothing before a login, nothing any more (P34). */
export type Standing = 'ok' | 'login_required' | 'revoked';

/** Head of the local chain: `seq` 0 and `prev` null before the first operation. */
export interface LocalValue {
  incarnation: string;
  seq: number;
  prev: string | null;
}

/** What the server last said: `head_seq` is about `incarnation` alone. `heard`: server clock, ms. */
export interface ServerValue {
  incarnation: string;
  head_seq: number;
  epoch: string | null;
  heard: number | null;
  /** The server's clock less this handheld's at that moment, ms. */
  ahead?: number;
}

/** Persisted retry plan: `at` device clock ms before which nothing is tried by itself; `floor` the server's Retry-After. */
export interface RetryValue {
  attempt: number;
  at: number;
  floor: number;
  phase: 'idle' | 'offline' | 'revoked' | 'error';
  code: string | null;
}

/** A colleague's log on its way to the server (P11): never an operation of this handheld's own. */
export interface CarriedValue {
  /** Hash of `body`. */
  id: string;
  device: string;
  author_name: string;
  /** Operations in it. */
  n: number;
  made_at: number;
  /** The text its handheld wrote, and its seal on it; empty once the server has taken it. */
  body: string;
  seal: string;
  /** Hashes of proofs that came with it and are not at the server yet. */
  proofs: string[];
  state: 'waiting' | 'taken' | 'refused';
  code: string | null;
}

export interface MetaValues {
  identity: IdentityValue;
  local: LocalValue;
  server: ServerValue;
  retry: RetryValue;
  persisted: boolean;
  /** Device clock, ms, of the last manifest fetch. */
  manifest_asked: number;
  /** Device clock, ms, of the last look for journal rows that may go. */
  pruned: number;
  /** The server has forgotten part of what it had, and has not been offered all of it yet (P31). */
  offer: boolean;
  standing: Standing;
  /** Credential of a wiped handheld that has not yet been able to say so; nothing else is left of it (P34). */
  wiping: string;
  /** `READABLE_FROM` of the code that made or last upgraded this database. */
  readable_from: number;
  carried: CarriedValue[];
  /** How many writes there were to anything the courier is shown, of all tabs and the worker (`strict`). */
  writes: number;
  /** Moves while somebody syncs: a holder of the lock that stands still is not waited for (P12). */
  beat: { holder: string; count: number };
}

export interface DoorstepSchema extends DBSchema {
  meta: { key: string; value: MetaValues[keyof MetaValues] };
  outbox: { key: string; value: OutboxRow; indexes: { seq: number } };
  results: { key: string; value: ResultRow };
  journal: { key: string; value: JournalRow; indexes: { place: [string, number]; type: string } };
  rows: { key: string; value: MirrorRow; indexes: { scope: string } };
  staging: { key: [string, string, string]; value: StagedRow };
  cursors: { key: string; value: { scope: string; ver: number } };
  blobs: { key: string; value: BlobRow; indexes: { state: string } };
  bytes: { key: string; value: { sha: string; bytes: Uint8Array } };
  manifest: { key: string; value: ManifestRow };
  seen: { key: string; value: { id: string; at: number } };
}

export type StoreName =
  'meta' | 'outbox' | 'results' | 'journal' | 'rows' | 'staging' | 'cursors' | 'blobs' | 'bytes' | 'manifest' | 'seen';
/** What making pulled rows visible writes to. */
export type SwapStore = 'staging' | 'rows' | 'cursors' | 'meta' | 'journal' | 'outbox' | 'results';
export type Database = IDBPDatabase<DoorstepSchema>;
