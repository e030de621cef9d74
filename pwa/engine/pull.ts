/** Changes from the server, page by page up to a pinned ceiling, made visible scope by scope (P24-P30). */
import { digest, sameDigest, type Digest } from '../../sync/ts/digest';
import type { RebuildCause, WirePage, WireRow } from '../../sync/ts/protocol';
import {
  clearStaging,
  cursors,
  readMeta,
  stage,
  StagingLost,
  storedBlobs,
  swap,
  type Keep,
  type MirrorRow,
  type Swap,
} from '../store';
import { newId, type Context } from './context';
import { changes, type Reader } from './news';
import { unseen } from './requests';
import type { IdentityValue } from '../store';
import type { TaskRow } from './types';

/** Rows asked for per page and scope. */
export const PAGE_LIMIT = 500;

/** A scope that differs from the server's is pulled anew this often at the most: the fault may not be ours. */
const REBUILD_MS = 3_600_000;

/** One walk through the pages. `ceilings` are pinned by the first page; `staged` counts rows put aside. */
export interface Walk {
  run: string;
  /** Who is logged in when it begins; what it brings is his. */
  reader: IdentityValue;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
  staged: Record<string, number>;
  /** Scopes walked from nothing: what the walk does not bring is over. */
  fresh: Set<string>;
  done: Set<string>;
  /** True between the first page and the last. */
  open: boolean;
  rows: number;
  /** Scopes pulled anew, and why: the server is told once. */
  rebuilding: Record<string, RebuildCause>;
  /** Proofs to ask about, when the server may have forgotten some. */
  proofs: string[];
}

export function scopesOf(identity: IdentityValue): string[] {
  return [`courier:${identity.user.id}`, `notices:${identity.user.id}`, `reference:${identity.station.id}`];
}

export async function beginWalk(ctx: Context, identity: IdentityValue): Promise<Walk> {
  await clearStaging(ctx.db);
  const stored = await cursors(ctx.db);
  const from = Object.fromEntries(scopesOf(identity).map((scope) => [scope, stored[scope] ?? 0]));
  const proofs = (await readMeta(ctx.db, 'offer')) ? await storedBlobs(ctx.db) : [];
  const nothing = { ceilings: {}, staged: {}, fresh: new Set<string>(), done: new Set<string>(), rebuilding: {} };
  return { ...nothing, run: newId(ctx.platform), reader: identity, cursors: from, open: false, rows: 0, proofs };
}

/**
 * Begins a walk anew from nothing, since the server is not the one our cursors are of. What is on the list stays there until the
 * last page has come; outbox and journal have nothing to do with it (P29, P31).
 */
export async function beginAnew(ctx: Context, walk: Walk, cause: RebuildCause): Promise<void> {
  await clearStaging(ctx.db);
  const scopes = Object.keys(walk.cursors);
  Object.assign(walk, {
    cursors: Object.fromEntries(scopes.map((scope) => [scope, 0])),
    rebuilding: Object.fromEntries(scopes.map((scope) => [scope, cause])),
    ceilings: {},
    staged: {},
    open: true,
    proofs: await storedBlobs(ctx.db),
  });
  walk.done.clear();
  ctx.platform.log('warn', 'mirror rebuilt', { cause });
}

/** Takes one answer's pages in: complete scopes become visible together with their cursors, the others wait aside. */
export async function takePages(ctx: Context, walk: Walk, pages: WirePage[]): Promise<void> {
  const news = pages.filter((page) => !walk.done.has(page.scope));
  const finished: Swap[] = [];
  for (const page of news) {
    const { scope, to } = page;
    const rows = page.rows.map((row) => mirrorRow(scope, row));
    if (page.from === 0) {
      if (walk.staged[scope]) throw new StagingLost(scope);
      walk.fresh.add(scope);
    }
    walk.rows += rows.length;
    walk.cursors[scope] = to;
    walk.ceilings[scope] = page.ceiling;
    if (page.final) {
      const [staged, fresh] = [walk.staged[scope] ?? 0, walk.fresh.has(scope)];
      finished.push({ scope, to, staged, rows, fresh, holds: holding(page.digest) });
      continue;
    }
    await stage(ctx.db, walk, rows);
    walk.staged[scope] = (walk.staged[scope] ?? 0) + rows.length;
    ctx.platform.failpoint('pull.staged');
  }
  const [me, now] = [ctx.identity?.user.id ?? null, ctx.platform.now()];
  const keep: Keep = (row, before) => kept(row, before, { me, now, anew: walk.fresh.has(row.scope) });
  const differing = await swap(ctx.db, walk, finished, keep);
  finished.forEach(({ scope }) => walk.done.add(scope));
  const again = differing.filter((scope) => isDistrusted(ctx, walk, scope));
  walk.open = again.length > 0 || news.some((page) => !page.final);
  ctx.platform.failpoint('pull.swapped');
}

function holding(theirs: Digest | null | undefined): Swap['holds'] {
  return theirs ? (present) => sameDigest(digest(present), theirs) : null;
}

/** Our copy of a scope is not the server's (P30): it is walked again from nothing, unless that was done a moment ago. */
function isDistrusted(ctx: Context, walk: Walk, scope: string): boolean {
  const [now, last] = [ctx.platform.mono(), ctx.rebuilt.get(scope)];
  const again = last === undefined || now - last >= REBUILD_MS;
  ctx.platform.log('warn', 'mirror differs', { scope, again });
  if (!again) return false;
  ctx.rebuilt.set(scope, now);
  walk.cursors[scope] = 0;
  walk.staged[scope] = 0;
  walk.rebuilding[scope] = 'digest';
  delete walk.ceilings[scope];
  walk.done.delete(scope);
  return true;
}

/** A pulled row as it is stored, with what is news in it. */
export function kept(row: MirrorRow, before: MirrorRow | undefined, reader: Reader): MirrorRow {
  // What a colleague showed of it was no word of the server's: nothing has changed since.
  const told = before?.rev === 0 ? undefined : before;
  const news = changes(row, told, reader);
  const marked = news.length ? { changes: news } : {};
  if (!row.present) return { ...tombstone(row, before), ...marked };
  const fresh = unseen(row, told);
  return { ...row, ...marked, ...(fresh.length ? { fresh } : {}) };
}

/** What stays of a task that was taken away: enough to name what waits, nothing of the customer (P28). */
export function tombstone(row: MirrorRow, before: MirrorRow | undefined): MirrorRow {
  const body = before?.body as TaskRow | null | undefined;
  if (row.present || !body?.task) return row;
  const { task } = body;
  const address = { ...task.address, text: '', community: null, building: null, unit: null, room: null };
  return {
    ...row,
    body: {
      ...body,
      task: { ...task, address: { ...address, lng_e7: null, lat_e7: null }, notes: [] },
      customer: { id: body.customer.id, name: '', phone: '', language: null, requests: [], consents: [] },
    } satisfies TaskRow,
  };
}

function mirrorRow(scope: string, row: WireRow): MirrorRow {
  return {
    entity: row.entity,
    scope,
    rev: row.rev,
    ver: row.ver,
    present: row.present,
    reason: row.reason,
    body: row.body,
  };
}
