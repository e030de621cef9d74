/** What a person did becomes operations that are on the disk before the screen says "saved" (P7). */
import type { Room } from '../platform';
import { idOf } from '../../sync/ts/values';
import { bodyHash } from '../../sync/ts/canonical';
import { OPERATIONS } from '../../sync/ts/tables';
import { validate } from '../../sync/ts/validate';
import {
  append,
  StoreError,
  type Appended,
  type AppendState,
  type BlobRow,
  type IdentityValue,
  type MirrorRow,
} from '../store';
import { newId, type Context } from './context';
import { carryOver } from './memory';
import { whereabouts } from './place';
import {
  SubmitError,
  type BlobInput,
  type Draft,
  type Envelope,
  type Json,
  type JsonObject,
  type Position,
  type Problem,
  type TaskRow,
} from './types';

/** The server takes no larger proof. */
const MAX_BLOB_BYTES = 5 * 1024 * 1024;
const BLOB_TYPES = ['image/png', 'image/jpeg', 'image/webp'];

interface Proof {
  sha: string;
  bytes: Uint8Array;
  type: string;
  kind: 'signature' | 'photo';
}

/**
 * Records the drafts as operations, and with them the rows of tasks that a colleague showed. Resolves after the strict commit; throws
 * SubmitError, and then nothing was stored.
 */
export async function submit(
  ctx: Context,
  drafts: Draft[],
  blobs: BlobInput[],
  shown: readonly TaskRow[],
): Promise<Envelope[]> {
  const { identity } = ctx;
  if (!identity) throw refused('not_enrolled', '', 'this handheld is not enrolled');
  // Hashing may leave the thread, so it is done before the transaction opens.
  const proofs = await Promise.all(blobs.map((blob, i) => proofOf(ctx, blob, i)));
  const open = paymentsFirst(drafts).map((draft) => unplaced(ctx, identity, draft, proofs));
  await checkContent(ctx, open, proofs);
  ctx.platform.failpoint('submit.before');
  const saved = await commit(ctx, open, proofs, shown);
  ctx.platform.failpoint('submit.committed');
  return saved;
}

async function commit(ctx: Context, open: Envelope[], proofs: Proof[], shown: readonly TaskRow[]): Promise<Envelope[]> {
  const signs = open.some((envelope) => envelope.type === 'task.delivered');
  const look = {
    rows: open.map((envelope) => envelope.entity),
    // Only where money is due it matters what was taken.
    outbox: (rows: MirrorRow[]) => signs && rows.some(isDue),
    blobs: [...new Set(open.flatMap((envelope) => envelope.blobs))],
  };
  try {
    const kept = await append(ctx.db, look, (state) => ({
      ...place(state, open, proofs),
      rows: unheard(state, shown),
    }));
    carryOver(ctx, kept);
    // Where nothing went in and now something does, there is room again.
    if (ctx.room === 'none') leave(ctx, 'some');
    return kept.entries.map((entry) => entry.envelope);
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'quota')) throw error;
    // The reserve is for work. A photo meets the full disk as it is: the work is saved again without it.
    const photos = hasPhotos(open, proofs);
    const given = !photos && (await ctx.platform.storage.reserve?.give().catch(() => false));
    leave(ctx, given ? 'some' : photos && ctx.room !== 'none' ? 'some' : 'none');
    if (!given) throw refused('quota', '', 'the disk is full');
    ctx.platform.log('warn', 'room given out of the reserve');
    return commit(ctx, open, proofs, shown);
  }
}

function leave(ctx: Context, room: Room): void {
  if (ctx.room === room) return;
  ctx.room = room;
  ctx.changed();
}

function hasPhotos(open: Envelope[], proofs: Proof[]): boolean {
  const signatures = new Set(open.map((envelope) => envelope.payload['signature']));
  return proofs.some((proof) => !signatures.has(proof.sha));
}

/** Inside the transaction, without waiting for anything: seq, predecessor's hash, and what only the stored state can refuse. */
function place(state: AppendState, open: Envelope[], proofs: Proof[]): Appended {
  const problems = unsettledCod(state, open);
  if (problems.length) throw new SubmitError(problems);
  const revs = new Map(state.rows.map((row) => [row.entity, row.rev]));
  let head = state.head;
  const envelopes = open.map((envelope) => {
    const placed: Envelope = {
      ...envelope,
      incarnation: head.incarnation,
      seq: head.seq + 1,
      prev: head.prev,
      base_rev: envelope.base_rev ?? (revs.get(envelope.entity) || null),
    };
    head = { ...head, seq: head.seq + 1, prev: bodyHash(placed) };
    return placed;
  });
  return { envelopes, head, blobs: envelopes.flatMap((envelope) => proofsOf(envelope, proofs)) };
}

/**
 * What a colleague showed of a task: it stands where the server's row will, of no scope and no revision, until that one comes (P9).
 */
function unheard(state: AppendState, shown: readonly TaskRow[]): MirrorRow[] {
  const heard = new Set(state.rows.filter((row) => row.present && row.rev > 0).map((row) => row.entity));
  return shown
    .map((body) => ({ entity: `task:${body.task.id}`, scope: '', rev: 0, ver: 0, present: true, reason: null, body }))
    .filter((row) => !heard.has(row.entity));
}

/** Signed for while money is due and not taken: refused here already, since the courier still stands at the door. */
function unsettledCod(state: AppendState, open: Envelope[]): Problem[] {
  const refusedPayments = new Set(state.results.filter((r) => r.status === 'quarantined').map((r) => r.op_id));
  const recorded = state.entries
    .map((entry) => entry.envelope)
    .filter((envelope) => !refusedPayments.has(envelope.op_id));
  const paid = new Set(
    [...recorded, ...open].filter((op) => op.type === 'payment.collected').map((op) => idOf(op.entity)),
  );
  const due = new Set(state.rows.filter(isDue).map((row) => row.entity));
  return open
    .filter((op) => op.type === 'task.delivered' && due.has(op.entity) && !paid.has(idOf(op.entity)))
    .map((op) => ({ code: 'cod_unsettled', field: 'entity', detail: op.entity }));
}

function isDue(row: MirrorRow): boolean {
  return (row.body as { obligation?: { status?: string } } | null)?.obligation?.status === 'due';
}

async function checkContent(ctx: Context, open: Envelope[], proofs: Proof[]): Promise<void> {
  const problems = open.flatMap((envelope) => {
    // Places are given inside the transaction; any valid ones do for judging the content.
    return validate({ ...envelope, seq: 1, incarnation: ctx.platform.boot }, 'courier');
  });
  const given = new Set(proofs.map((proof) => proof.sha));
  for (const sha of new Set(open.flatMap((envelope) => envelope.blobs))) {
    if (given.has(sha) || (await ctx.db.getKey('blobs', sha)) !== undefined) continue;
    problems.push({ code: 'blob_unknown', field: 'payload', detail: sha });
  }
  if (problems.length) throw new SubmitError(problems);
}

async function proofOf(ctx: Context, blob: BlobInput, index: number): Promise<Proof> {
  const field = `blobs.${index}`;
  if (!BLOB_TYPES.includes(blob.type)) throw refused('blob_type', field, blob.type);
  if (blob.bytes.length > MAX_BLOB_BYTES) throw refused('too_large', field, `${blob.bytes.length} bytes`);
  const sha = await ctx.platform.hash(blob.bytes);
  if (blob.sha256 !== undefined && blob.sha256 !== sha) throw refused('blob_mismatch', field, sha);
  return { sha, bytes: blob.bytes, type: blob.type, kind: blob.kind ?? 'photo' };
}

/** An envelope without its place in the chain. */
function unplaced(ctx: Context, identity: IdentityValue, draft: Draft, proofs: Proof[]): Envelope {
  const payload = withHashes(draft.payload, proofs);
  return {
    op_id: newId(ctx.platform),
    type: draft.type,
    v: OPERATIONS[draft.type]?.v ?? 1,
    author: identity.user.id,
    device: identity.device,
    incarnation: null,
    seq: null,
    prev: null,
    app: ctx.options.app,
    entity: draft.entity,
    base_rev: draft.base_rev ?? null,
    base: draft.base ?? {},
    payload,
    blobs: namedBlobs(payload),
    at: ctx.platform.now(),
    mono: Math.max(0, Math.floor(ctx.platform.mono())),
    boot: ctx.platform.boot,
    ...where(draft.position ?? whereabouts(ctx)),
  };
}

function where(position: Position | null): { position?: Position } {
  return position === null ? {} : { position };
}

/** Money before the signature, in whatever order the screen lists them: the server would open a case otherwise. */
function paymentsFirst(drafts: Draft[]): Draft[] {
  const payments = drafts.filter((draft) => draft.type === 'payment.collected');
  return payments.length ? [...payments, ...drafts.filter((draft) => draft.type !== 'payment.collected')] : drafts;
}

/** Replaces `blob:0`, `blob:1` … in `signature` and `photos` by the hashes of the blobs given. */
function withHashes(payload: JsonObject, proofs: Proof[]): JsonObject {
  const real = (value: Json): Json => {
    const index = typeof value === 'string' ? /^blob:(\d+)$/.exec(value)?.[1] : undefined;
    return index === undefined ? value : (proofs[Number(index)]?.sha ?? value);
  };
  const out = { ...payload };
  if (out['signature'] !== undefined) out['signature'] = real(out['signature']);
  if (Array.isArray(out['photos'])) out['photos'] = out['photos'].map(real);
  return out;
}

function namedBlobs(payload: JsonObject): string[] {
  const named = [payload['signature'], ...(Array.isArray(payload['photos']) ? payload['photos'] : [])];
  return [...new Set(named.filter((sha): sha is string => typeof sha === 'string'))];
}

function proofsOf(envelope: Envelope, proofs: Proof[]): { row: BlobRow; bytes: Uint8Array }[] {
  const mine = new Map(proofs.filter((proof) => envelope.blobs.includes(proof.sha)).map((proof) => [proof.sha, proof]));
  return [...mine.values()].map(({ sha, bytes, type, kind }) => ({
    row: {
      sha,
      type,
      kind: envelope.payload['signature'] === sha ? 'signature' : kind,
      size: bytes.length,
      op_id: envelope.op_id,
      entity: envelope.entity,
      seq: envelope.seq as number,
      state: 'waiting',
      code: null,
    },
    bytes,
  }));
}

function refused(code: string, field: string, detail: string): SubmitError {
  return new SubmitError([{ code, field, detail }]);
}
