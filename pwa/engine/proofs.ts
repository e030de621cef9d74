/**
 * Signatures and photos travel in a lane of their own, after the operations that name them (P33): one piece at a time, the most
 * urgent first, and before each piece whatever was recorded meanwhile goes ahead. What broke off goes on where the server says.
 */
import { blobBytes, markBlob, waitingBlobs, type BlobRow } from '../store';
import { localHead, serverSaid, type Context } from './context';
import { Refusal, sendBytes, Unreachable } from './transport';
import type { HttpAnswer } from './types';

export const MAX_CHUNK = 256 * 1024;
const MIN_CHUNK = 32 * 1024;
const FIRST_CHUNK = 64 * 1024;
/** A piece shorter than this makes the next one larger, one that took longer makes it smaller: a scan may wait for it. */
const QUICK_MS = 1_500;
const SLOW_MS = 6_000;
/** Answers that another has added to the same part, before this sync leaves it to him. */
const MAX_CONTESTED = 5;

/** What one sync knows of the lane. */
interface Lane {
  /** How much of a blob the server has, where it has said so. */
  offsets: Map<string, number>;
  /** Blobs whose bytes came out wrong once: the server has dropped them, they are sent once more from the start. */
  again: Set<string>;
  contested: number;
  chunk: number;
  /** The blob under way; the others' bytes stay on the disk. */
  open: { sha: string; bytes: Uint8Array } | null;
}

/**
 * Uploads what belongs to confirmed operations; answers how many blobs the server took. `exchange` is run whenever operations
 * wait. Throws what ends a sync.
 */
export async function uploadProofs(ctx: Context, exchange: () => Promise<void>): Promise<number> {
  const lane: Lane = { offsets: new Map(), again: new Set(), contested: 0, chunk: FIRST_CHUNK, open: null };
  let [sent, tried] = [0, 0];
  for (;;) {
    const [{ seq }, said] = await Promise.all([localHead(ctx.db), serverSaid(ctx.db)]);
    // Once for what waits, whatever came of it: an exchange that is stuck must not hold up the proofs.
    if (seq > said.head_seq && seq !== tried) {
      tried = seq;
      await exchange();
    }
    const [next] = await dueBlobs(ctx);
    if (!next) return sent;
    const end = await oneStep(ctx, lane, next);
    if (end === 'on') continue;
    if (end === 'stored') sent += 1;
    lane.open = null;
    ctx.changed();
  }
}

/** Signatures first, then small before large, then older before newer. */
async function dueBlobs(ctx: Context): Promise<BlobRow[]> {
  const { head_seq: confirmed } = await serverSaid(ctx.db);
  const rank = (blob: BlobRow): number => (blob.kind === 'signature' ? 0 : 1);
  return (await waitingBlobs(ctx.db))
    .filter((blob) => blob.seq <= confirmed)
    .sort((a, b) => rank(a) - rank(b) || a.size - b.size || a.seq - b.seq);
}

/** One request about one blob, and what it meant for it. */
async function oneStep(ctx: Context, lane: Lane, blob: BlobRow): Promise<'on' | 'stored' | 'refused'> {
  if (lane.open?.sha !== blob.sha) {
    const bytes = await blobBytes(ctx.db, blob.sha);
    if (!bytes) return settleBlob(ctx, blob, 'refused', 'bytes_lost');
    lane.open = { sha: blob.sha, bytes };
  }
  ctx.platform.failpoint('blob.before');
  try {
    const offset = await send(ctx, lane, blob, lane.open.bytes);
    ctx.platform.failpoint('blob.after');
    if (offset === 'complete') return await settleBlob(ctx, blob, 'stored', null);
    lane.offsets.set(blob.sha, offset);
    return 'on';
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(ctx, lane, blob, error);
  }
}

/** Asks where an upload stands, or sends its next piece, or all of it when it is small; answers what the server has now. */
async function send(ctx: Context, lane: Lane, blob: BlobRow, bytes: Uint8Array): Promise<number | 'complete'> {
  const path = `/api/v1/blobs/${blob.sha}`;
  const offset = lane.offsets.get(blob.sha);
  const began = ctx.platform.mono();
  if (offset === undefined && bytes.length > lane.chunk) {
    return standing(await sendBytes(ctx, { method: 'HEAD', path, headers: {}, body: null }));
  }
  const method = offset === undefined ? 'PUT' : 'PATCH';
  const place = { 'upload-offset': String(offset), 'upload-length': String(bytes.length) };
  const headers = { 'content-type': blob.type, ...(method === 'PATCH' ? place : {}) };
  const body = method === 'PATCH' ? bytes.slice(offset, (offset as number) + lane.chunk) : bytes;
  const now = standing(await sendBytes(ctx, { method, path, headers, body }));
  if (now !== 'complete' && !(now > (offset ?? bytes.length))) throw new Unreachable('the answer is not ours');
  lane.chunk = paced(lane.chunk, ctx.platform.mono() - began);
  return now;
}

/** What the server says it has. Nobody else says it in this way: a hotel's login page is no proof that a proof is stored. */
function standing({ headers }: HttpAnswer): number | 'complete' {
  if (headers['upload-complete'] === '?1') return 'complete';
  const offset = /^\d{1,9}$/.exec(headers['upload-offset'] ?? '')?.[0];
  if (headers['upload-complete'] !== '?0' || offset === undefined) throw new Unreachable('the answer is not ours');
  return Number(offset);
}

function paced(chunk: number, took: number): number {
  if (took < QUICK_MS) return Math.min(chunk * 2, MAX_CHUNK);
  return took > SLOW_MS ? Math.max(chunk / 2, MIN_CHUNK) : chunk;
}

async function refused(ctx: Context, lane: Lane, blob: BlobRow, refusal: Refusal): Promise<'on' | 'refused'> {
  lane.offsets.delete(blob.sha);
  if (refusal.code === 'offset_mismatch') {
    if ((lane.contested += 1) > MAX_CONTESTED) throw refusal;
    return 'on';
  }
  if (refusal.code === 'hash_mismatch' && !lane.again.has(blob.sha)) {
    lane.again.add(blob.sha);
    return 'on';
  }
  if (![400, 413, 415, 422].includes(refusal.status)) throw refusal;
  // The content itself is refused: asking again changes nothing, and the next proof must not wait for it.
  return settleBlob(ctx, blob, 'refused', refusal.code);
}

async function settleBlob<End extends 'stored' | 'refused'>(
  ctx: Context,
  blob: BlobRow,
  end: End,
  code: string | null,
): Promise<End> {
  await markBlob(ctx.db, blob.sha, end, code);
  return end;
}
