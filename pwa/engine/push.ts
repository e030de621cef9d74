/** What of the journal goes next, and what the server's answers to it mean. */
import { bodyHash, canonical } from '../../sync/ts/canonical';
import { utf8 } from '../../sync/ts/sha256';
import { MAX_OPERATIONS, sliceBatch, stub, type WireResult } from '../../sync/ts/protocol';
import { absorb, restamp, slice, strict, type JournalRow, type ResultRow, type ServerValue } from '../store';
import { localHead, serverSaid, type Context } from './context';
import { uuid4 } from './ids';
import type { Envelope } from './types';

export interface Batch {
  from_seq: number;
  rows: JournalRow[];
  /** What is sent: the envelopes, or a stub where one could not be read by the server. */
  operations: unknown[];
}

/** The next operations in order, at most `max` and at most 256 KiB; null when the server has them all. */
export async function nextBatch(ctx: Context, max: number): Promise<Batch | null> {
  const local = await localHead(ctx.db);
  const from = (await serverSaid(ctx.db)).head_seq + 1;
  if (from > local.seq) return null;
  const rows = await slice(ctx.db, local.incarnation, from, Math.min(max, MAX_OPERATIONS));
  const gapless = rows.filter((row, i) => row.seq === from + i);
  if (!gapless.length) return null;
  const operations = await Promise.all(gapless.map((row) => sendable(ctx, row)));
  const count = sliceBatch(operations.map((operation) => utf8(canonical(operation)).length));
  return { from_seq: from, rows: gapless.slice(0, count), operations: operations.slice(0, count) };
}

/**
 * Parks the one operation the server cannot even read (P18): a stub takes its place in the sequence, so that what comes after
 * it is not held back; the operation itself stays here, under "needs you".
 */
export async function park(ctx: Context, row: JournalRow, code: string): Promise<void> {
  const result: ResultRow = {
    op_id: row.op_id,
    seq: row.seq,
    status: 'quarantined',
    code,
    detail: null,
    applied_at: null,
    conflict: null,
    at: ctx.platform.now(),
    parked: true,
  };
  await strict(ctx.db, ['results'], (tx) => tx.objectStore('results').put(result));
  ctx.platform.log('warn', 'operation parked', { op_id: row.op_id, code });
}

/**
 * Takes answers in; `forgot` when the server has forgotten part of what it had (P31). Answers `false` when it holds other
 * operations at our places: this storage went back in time. What it then says of its head is about those, and is not kept;
 * `recorded` is how far our log went when it was asked, since what was recorded meanwhile would hide that.
 */
export async function takeResults(
  ctx: Context,
  batch: Batch | null,
  results: WireResult[],
  server: ServerValue,
  forgot: boolean,
  recorded: number,
): Promise<boolean> {
  const ours = new Map((batch?.rows ?? []).map((row) => [row.seq, row]));
  const placed = results.filter((result) => ours.has(result.seq));
  const known = placed.filter((result) => sameOperation(ours.get(result.seq), result));
  const parked = await Promise.all(
    known.map((result) => ctx.db.get('results', (ours.get(result.seq) as JournalRow).op_id)),
  );
  const rows = known.map((result, i) =>
    resultRow(ours.get(result.seq) as JournalRow, result, parked[i], ctx.platform.now()),
  );
  const teller = forgot && ctx.identity ? { device: ctx.identity.device, user: ctx.identity.user.id } : null;
  const agreed = known.length === placed.length && server.head_seq <= recorded;
  const said = agreed ? server : { ...server, head_seq: (await serverSaid(ctx.db)).head_seq };
  await absorb(ctx.db, rows, said, server.heard ?? ctx.platform.now(), teller);
  return agreed;
}

/**
 * Starts a new incarnation with everything the server never answered (P32): after the storage was rolled back, or when the
 * device was enrolled anew. Nothing is lost and no seq is used twice for different things.
 */
export async function beginIncarnation(ctx: Context, device: string): Promise<void> {
  const incarnation = uuid4(ctx.platform.random(16));
  const count = await restamp(ctx.db, incarnation, (envelope, seq, prev) => {
    const again: Envelope = { ...envelope, device, incarnation, seq, prev };
    return { envelope: again, hash: bodyHash(again) };
  });
  ctx.platform.log('warn', 'new incarnation', { incarnation, count });
}

async function sendable(ctx: Context, row: JournalRow): Promise<unknown> {
  const result = await ctx.db.get('results', row.op_id);
  return result?.parked ? stub(row.envelope, result.code ?? 'unreadable', bodyHash(row.envelope)) : row.envelope;
}

/** Not when it was refused for its place: it is offered again in a chain of its own, and counts there. */
function sameOperation(row: JournalRow | undefined, result: WireResult): boolean {
  if (result.status === 'quarantined' && result.code === 'seq_reuse') return false;
  return row !== undefined && (result.op_id === null || result.op_id === row.op_id);
}

function resultRow(row: JournalRow, result: WireResult, before: ResultRow | undefined, now: number): ResultRow {
  const parked = before?.parked ? { parked: true as const, code: before.code } : {};
  return {
    op_id: row.op_id,
    seq: row.seq,
    status: result.status,
    code: result.code,
    detail: result.detail,
    applied_at: result.applied_at,
    conflict: result.conflict,
    at: now,
    ...parked,
  };
}
