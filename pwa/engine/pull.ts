/** Changes from the server, page by page up to a pinned ceiling, made visible scope by scope (P24-P30). */
import type { WirePage, WireRow } from '../../sync/ts/protocol';
import { clearStaging, cursors, stage, swap, type MirrorRow, type Swap } from '../store';
import { newId, type Context } from './context';
import { unseen } from './requests';
import type { IdentityValue } from '../store';
import type { TaskRow } from './types';

/** Rows asked for per page and scope. */
export const PAGE_LIMIT = 500;

/** One walk through the pages. `ceilings` are pinned by the first page; `staged` counts rows put aside. */
export interface Walk {
  run: string;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
  staged: Record<string, number>;
  done: Set<string>;
  /** True between the first page and the last. */
  open: boolean;
  rows: number;
}

export function scopesOf(identity: IdentityValue): string[] {
  return [`courier:${identity.user.id}`, `notices:${identity.user.id}`, `reference:${identity.station.id}`];
}

export async function beginWalk(ctx: Context, identity: IdentityValue): Promise<Walk> {
  await clearStaging(ctx.db);
  const stored = await cursors(ctx.db);
  const from = Object.fromEntries(scopesOf(identity).map((scope) => [scope, stored[scope] ?? 0]));
  return { run: newId(ctx.platform), cursors: from, ceilings: {}, staged: {}, done: new Set(), open: false, rows: 0 };
}

/** Takes one answer's pages in: complete scopes become visible together with their cursors, the others wait aside. */
export async function takePages(ctx: Context, walk: Walk, pages: WirePage[]): Promise<void> {
  const fresh = pages.filter((page) => !walk.done.has(page.scope));
  const finished: Swap[] = [];
  for (const page of fresh) {
    const rows = page.rows.map((row) => mirrorRow(page.scope, row));
    walk.rows += rows.length;
    walk.cursors[page.scope] = page.to;
    walk.ceilings[page.scope] = page.ceiling;
    if (page.final) {
      finished.push({ scope: page.scope, to: page.to, staged: walk.staged[page.scope] ?? 0, rows });
      continue;
    }
    await stage(ctx.db, walk.run, rows);
    walk.staged[page.scope] = (walk.staged[page.scope] ?? 0) + rows.length;
    ctx.platform.failpoint('pull.staged');
  }
  await swap(ctx.db, walk.run, finished, kept);
  finished.forEach(({ scope }) => walk.done.add(scope));
  walk.open = fresh.some((page) => !page.final);
  ctx.platform.failpoint('pull.swapped');
}

/** A pulled row as it is stored, with what is news in it. */
export function kept(row: MirrorRow, before: MirrorRow | undefined): MirrorRow {
  if (!row.present) return tombstone(row, before);
  const fresh = unseen(row, before);
  return fresh.length ? { ...row, fresh } : row;
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
