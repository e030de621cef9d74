/** What every part of one running engine shares. */
import { readMeta, strict, type Database, type IdentityValue, type LocalValue, type ServerValue } from '../store';
import { uuid4, uuid7 } from './ids';
import type { EngineOptions, Platform } from './types';

export interface Context {
  readonly platform: Platform;
  readonly options: EngineOptions;
  readonly db: Database;
  /** Kept beside the database so that `identity()` can answer at once. */
  identity: IdentityValue | null;
  /** True while this engine runs a sync. */
  syncing: boolean;
  /** The manifest in memory, and when it was read (monotonic ms). */
  manifest: ManifestCache | null;
  /** Tells the screens that something they show may have changed. */
  changed(): void;
}

export interface ManifestCache {
  readAt: number;
  publishedAt: number;
  /** By the first 16 hex digits of the waybill's SHA-256. */
  entries: Map<string, { route: string; flags: number }>;
}

export function newId(platform: Platform): string {
  return uuid7(platform.now(), platform.random(10));
}

/** Gives a fresh local database its incarnation; two tabs starting at once agree on one (P4). */
export async function ensureIncarnation(db: Database, platform: Platform): Promise<LocalValue> {
  const fresh: LocalValue = { incarnation: uuid4(platform.random(16)), seq: 0, prev: null };
  return strict(db, ['meta'], async (tx) => {
    const known = (await tx.objectStore('meta').get('local')) as LocalValue | undefined;
    if (known) return known;
    await tx.objectStore('meta').put(fresh, 'local');
    return fresh;
  });
}

export async function localHead(db: Database): Promise<LocalValue> {
  return (await readMeta(db, 'local')) as LocalValue;
}

/** What the server said of the present incarnation; of a new one it has said nothing yet, so its head is 0. */
export async function serverSaid(db: Database): Promise<ServerValue> {
  const [said, { incarnation }] = [await readMeta(db, 'server'), await localHead(db)];
  if (said?.incarnation === incarnation) return said;
  return { incarnation: '', head_seq: 0, epoch: said?.epoch ?? null, heard: said?.heard ?? null };
}
