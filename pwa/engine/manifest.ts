/** The station's list of waybill hashes, fetched beside a sync: what "other route" and "recalled" rest on offline (P24). */
import { readMeta, strict, writeMeta, type ManifestRow } from '../store';
import type { Context, ManifestCache } from './context';
import { Refusal, sendJson } from './transport';

/** How often it is asked for. */
export const MANIFEST_EVERY_MS = 120_000;
/** Older than this it says nothing any more: the verdict is "unknown here". */
export const MANIFEST_STALE_MS = 12 * 3_600_000;

export async function refreshManifest(ctx: Context): Promise<void> {
  const now = ctx.platform.now();
  const asked = await readMeta(ctx.db, 'manifest_asked');
  if (asked !== undefined && asked <= now && now - asked < MANIFEST_EVERY_MS) return;
  const row = await fetchManifest(ctx);
  if (row) await strict(ctx.db, ['manifest'], (tx) => tx.objectStore('manifest').put(row));
  await writeMeta(ctx.db, 'manifest_asked', now);
  ctx.manifest = row && row.station === ctx.identity?.station.id ? inMemory(row, now) : null;
}

/**
 * The manifest of this station while it means something, from memory where possible: a verdict must come in a blink. `asked` is
 * what the disk says of the last fetch, whoever made it: a tab that did not make it reads what has come.
 */
export async function currentManifest(ctx: Context, asked: number | undefined): Promise<ManifestCache | null> {
  const station = ctx.identity?.station.id;
  if (!station) return null;
  if (ctx.manifest === null || ctx.manifest.asked !== asked) {
    const row = await ctx.db.get('manifest', station);
    ctx.manifest = row ? inMemory(row, asked) : null;
  }
  return ctx.manifest;
}

function inMemory(row: ManifestRow, asked: number | undefined): ManifestCache {
  const entries = new Map(row.entries.map(([hash, route, flags]) => [hash, { route, flags }]));
  return { asked, publishedAt: row.published_at, entries };
}

async function fetchManifest(ctx: Context): Promise<ManifestRow | null> {
  try {
    const value = await sendJson(ctx, 'GET', '/api/v1/manifest', null);
    const row = value as unknown as ManifestRow;
    const whole =
      typeof row.station === 'string' && Number.isSafeInteger(row.published_at) && Array.isArray(row.entries);
    return whole ? row : null;
  } catch (error) {
    // A station without a manifest is no failed sync.
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}
