/** What every part of one running engine shares. */
import {
  openDatabase,
  readMeta,
  strict,
  type Database,
  type IdentityValue,
  type LocalValue,
  type RetryValue,
  type ServerValue,
  type Standing,
} from '../store';
import { uuid4, uuid7 } from './ids';
import type { Held, Look } from './memory';
import type { Room } from '../platform';
import type { EngineOptions, Platform } from './types';

export interface Context {
  readonly platform: Platform;
  readonly options: EngineOptions;
  readonly db: Database;
  /** Kept beside the database so that `identity()` can answer at once. */
  identity: IdentityValue | null;
  /** True while this engine runs a sync. */
  syncing: boolean;
  /** The manifest in memory. */
  manifest: ManifestCache | null;
  /** What the screens are shown, in memory; null until the disk has been read. */
  held: Held | null;
  /** A look under way, for all who ask in the same turn. */
  looking: Promise<Look> | null;
  /** When which scope was last pulled anew because it differed from the server's (monotonic ms). */
  readonly rebuilt: Map<string, number>;
  /** What the server last said it tells this handheld. */
  standing: Standing;
  /** What became of a revoked handheld: told to forget everything, or done so since the app was opened (P34). */
  end: 'none' | 'told' | 'wiped';
  /** The retry plan while the disk is too full to keep it. */
  unkept: RetryValue | null;
  /** What is left of the room kept for work (P13). */
  room: Room;
  /** The present hold of the sync lock; another may have taken it over (P12). */
  hold: { lost: boolean };
  /** Tells the screens that something they show may have changed. */
  changed(): void;
}

/** Opens (or makes) the local database and what every part of an engine on it shares. */
export async function openContext(platform: Platform, options: EngineOptions, changed: () => void): Promise<Context> {
  const db = await openDatabase(platform.storage.factory, platform.storage.name);
  // What is there is read in one go: whoever opens the app waits for it.
  const meta = db.transaction(['meta'], 'readonly').objectStore('meta');
  const [local, identity, standing] = await Promise.all([
    meta.get('local'),
    meta.get('identity'),
    meta.get('standing'),
  ]);
  if (!local) await ensureIncarnation(db, platform);
  return {
    platform,
    options,
    db,
    identity: (identity as IdentityValue | undefined) ?? null,
    syncing: false,
    manifest: null,
    held: null,
    looking: null,
    rebuilt: new Map(),
    standing: (standing as Standing | undefined) ?? 'ok',
    end: 'none',
    unkept: null,
    room: 'all',
    hold: { lost: false },
    changed,
  };
}

export interface ManifestCache {
  /** Of which fetch it is (device clock, ms). */
  asked: number | undefined;
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
  return saidOf(await readMeta(db, 'server'), await localHead(db));
}

export function saidOf(said: ServerValue | undefined, { incarnation }: LocalValue): ServerValue {
  if (said?.incarnation === incarnation) return said;
  return { incarnation: '', head_seq: 0, epoch: said?.epoch ?? null, heard: said?.heard ?? null };
}
