/** One sync: push in slices, pull in pages, then proofs and the manifest (P14-P18, P26, P33). */
import {
  exchangeRequest,
  forgot,
  MAX_OPERATIONS,
  narrowed,
  parseAnswer,
  type ExchangeAnswer,
} from '../../sync/ts/protocol';
import {
  leftOver,
  prune,
  ReaderGone,
  readMeta,
  reopenBlobs,
  sameReader,
  writeMeta,
  type IdentityValue,
  type LocalValue,
  type ServerValue,
} from '../store';
import { calmDown, codeOf, phaseOf, planRetry } from './backoff';
import { localHead, serverSaid, type Context } from './context';
import { alone } from './lock';
import { refreshManifest } from './manifest';
import { acknowledgeMessages } from './messages';
import { uploadProofs } from './proofs';
import { beginAnew, beginWalk, PAGE_LIMIT, takePages, type Walk } from './pull';
import { beginIncarnation, nextBatch, park, takeResults, type Batch } from './push';
import { settleAll } from './settle';
import { forget, heed, lookAgain, lostProofs } from './standing';
import { Refusal, sendJson, Unreachable } from './transport';
import type { SyncOutcome } from './types';

/** Exchanges that moved nothing before a sync gives up: a server that always answers "gap" must not be asked for ever. */
const MAX_IDLE_ROUNDS = 3;
const DAY_MS = 24 * 3_600_000;

interface Tally {
  pushed: number;
  pulled: number;
  blobs: number;
}

/** Runs one whole sync under the lock shared by all tabs; never throws, never deletes what was not confirmed (P11). */
export async function runSync(ctx: Context): Promise<SyncOutcome> {
  const tally: Tally = { pushed: 0, pulled: 0, blobs: 0 };
  try {
    await alone(ctx, () => forWhoeverReads(() => wholeSync(ctx, tally)));
    await calmDown(ctx);
    return { ok: true, ...tally };
  } catch (error) {
    const plan = await planRetry(ctx, error);
    ctx.platform.log('warn', 'sync failed', { code: codeOf(error), retry_at: plan.at });
    return { ok: false, phase: phaseOf(error), code: codeOf(error), ...tally };
  }
}

/** Once more for the one who has logged in meanwhile: his list is not to wait for the next time. */
async function forWhoeverReads(sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    if (!(error instanceof ReaderGone)) throw error;
    await sync();
  }
}

async function wholeSync(ctx: Context, tally: Tally): Promise<void> {
  // Whoever had the lock before may have been the one that was told to forget everything.
  const identity = await lookAgain(ctx);
  if (!identity) return;
  await exchangeAll(ctx, identity, tally);
  tally.blobs = await uploadProofs(ctx, () => exchangeAll(ctx, identity, tally));
  if (ctx.standing === 'revoked') {
    // It may forget only what the server says is there: asked once more, now that the proofs are, or are known to be lost.
    if (tally.blobs > 0 || ctx.end !== 'told') await exchangeAll(ctx, identity, tally);
    return forget(ctx);
  }
  if ((await readMeta(ctx.db, 'carried'))?.length) await (await import('./rescue')).handInCarried(ctx);
  if (ctx.standing === 'ok') await refreshManifest(ctx);
  await pruneDaily(ctx);
  // Full already: then there is nothing to keep, and the next sync tries again.
  await ctx.platform.storage.reserve?.fill().catch(() => undefined);
}

async function pruneDaily(ctx: Context): Promise<void> {
  const now = ctx.platform.now();
  const last = await readMeta(ctx.db, 'pruned');
  if (last !== undefined && last <= now && now - last < DAY_MS) return;
  // Whatever a server has forgotten is offered to it first.
  if (await readMeta(ctx.db, 'offer')) return;
  const count = await prune(ctx.db, (await serverSaid(ctx.db)).heard ?? now);
  await writeMeta(ctx.db, 'pruned', now);
  if (count > 0) ctx.platform.log('info', 'journal pruned', { count });
}

/** Exchanges until the server has everything and we have everything up to a ceiling taken after our last push. */
async function exchangeAll(ctx: Context, identity: IdentityValue, tally: Tally): Promise<void> {
  let walk = await beginWalk(ctx, identity);
  let max = MAX_OPERATIONS;
  let idle = 0;
  for (;;) {
    // A page of a pinned walk carries no operations: what they change lies beyond the ceiling.
    const batch = walk.open ? null : await nextBatch(ctx, max);
    const before = { local: await localHead(ctx.db), server: await serverSaid(ctx.db) };
    const answer = await attempt(ctx, walk, batch, before.local);
    if (answer === null) {
      max = narrowed((batch as Batch).rows.length);
      continue;
    }
    const moved = await takeAnswer(ctx, walk, batch, answer, before);
    tally.pushed += moved;
    if (batch) idle = moved === 0 ? idle + 1 : 0;
    max = MAX_OPERATIONS;
    if (walk.open) continue;
    tally.pulled += walk.rows;
    await settleAll(ctx);
    await acknowledgeMessages(ctx);
    ctx.changed();
    if (idle >= MAX_IDLE_ROUNDS || !((await nextBatch(ctx, max)) || (await offerRest(ctx, identity)))) return;
    walk = await beginWalk(ctx, identity);
  }
}

/** One exchange. Null when the server could not read the batch: it was halved, or its single operation parked (P18). */
async function attempt(
  ctx: Context,
  walk: Walk,
  batch: Batch | null,
  local: LocalValue,
): Promise<ExchangeAnswer | null> {
  const lost = await lostProofs(ctx);
  const request = exchangeRequest({
    app: ctx.options.app,
    incarnation: local.incarnation,
    last_seq: local.seq,
    push: batch ? { from_seq: batch.from_seq, operations: batch.operations } : null,
    cursors: walk.cursors,
    ceilings: walk.ceilings,
    limit: PAGE_LIMIT,
    sent_at: ctx.platform.now(),
    mono: Math.round(ctx.platform.mono()),
    boot: ctx.platform.boot,
    ...(walk.proofs.length ? { proofs: walk.proofs } : {}),
    ...(lost.length ? { lost_proofs: lost } : {}),
    ...(Object.keys(walk.rebuilding).length ? { rebuilding: walk.rebuilding } : {}),
  });
  try {
    ctx.platform.failpoint('exchange.before');
    const answer = parseAnswer(await sendJson(ctx, 'POST', '/api/v1/exchange', request));
    ctx.platform.failpoint('exchange.answered');
    if (answer === null) throw new Unreachable('the answer is not ours');
    return answer;
  } catch (error) {
    const only = batch?.rows[0];
    if (!only || !isUnreadable(error)) throw error;
    if (batch.rows.length === 1) await park(ctx, only, error.code);
    return null;
  }
}

/** What both sides had said before an exchange. */
interface Before {
  local: LocalValue;
  server: ServerValue;
}

/** Takes one answer in; answers how many operations the server newly holds. */
async function takeAnswer(
  ctx: Context,
  walk: Walk,
  batch: Batch | null,
  answer: ExchangeAnswer,
  before: Before,
): Promise<number> {
  const { incarnation } = before.local;
  // Then the journal offers itself again from the server's new head, and the mirror is pulled again.
  const cause = forgot(before.server.epoch, before.server.head_seq, answer.epoch, answer.head_seq);
  const heard = answer.server_time;
  const ahead = heard - ctx.platform.now();
  const said = { incarnation, head_seq: answer.head_seq, epoch: answer.epoch, heard, ahead };
  // What it says of a login that has been ended, or replaced, is no word about the one there is now.
  const gone = !sameReader(ctx.identity, walk.reader);
  if (!gone) await heed(ctx, answer.pull);
  const agreed = await takeResults(ctx, batch, answer.results, said, cause !== null, before.local.seq);
  ctx.platform.failpoint('results.absorbed');
  if (!agreed) await beginIncarnation(ctx, (ctx.identity as IdentityValue).device);
  await reopenBlobs(ctx.db, answer.missing_blobs);
  if (gone) throw new ReaderGone();
  Object.assign(walk, { proofs: [], rebuilding: {} });
  if (cause) await beginAnew(ctx, walk, cause);
  else await takePages(ctx, walk, answer.pull.state === 'ok' ? answer.pull.scopes : []);
  return Math.max(0, answer.head_seq - before.server.head_seq);
}

/**
 * When this database's chain has been sent: what the server may have forgotten of former chains, or what follows a place we have
 * forgotten ourselves, goes into a new chain. What it has after all it knows by its id (P16).
 */
async function offerRest(ctx: Context, identity: IdentityValue): Promise<boolean> {
  if (!(await readMeta(ctx.db, 'offer'))) return false;
  const left = await leftOver(ctx.db);
  if (left) await beginIncarnation(ctx, identity.device);
  else await writeMeta(ctx.db, 'offer', false);
  return left;
}

function isUnreadable(error: unknown): error is Refusal {
  return error instanceof Refusal && (error.status === 413 || (error.status === 400 && error.code === 'unreadable'));
}
