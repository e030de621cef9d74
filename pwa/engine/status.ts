/** How far this handheld and the server are apart, in numbers a screen can say in a sentence. */
import { readMeta } from '../store';
import { retryPlan } from './backoff';
import { localHead, serverSaid, type Context } from './context';
import type { SyncStatus } from './types';
import { needsYou, snapshot, taskViews } from './views';

export async function status(ctx: Context): Promise<SyncStatus> {
  const [local, server, plan, persisted, standing, offer, snap] = await Promise.all([
    localHead(ctx.db),
    serverSaid(ctx.db),
    retryPlan(ctx),
    readMeta(ctx.db, 'persisted'),
    readMeta(ctx.db, 'standing'),
    readMeta(ctx.db, 'offer'),
    snapshot(ctx),
  ]);
  const hidden = taskViews(snap).flatMap(({ task, parcel, removed }) =>
    removed && removed.waiting > 0 ? [{ id: task.id, waybill: parcel.waybill, ...removed }] : [],
  );
  const confirmed = Math.min(server.head_seq, local.seq);
  return {
    phase: ctx.syncing ? 'syncing' : standing === 'revoked' && plan.phase === 'idle' ? 'revoked' : plan.phase,
    code: plan.code,
    waiting: local.seq - confirmed,
    proofsWaiting: snap.waitingBlobs.length,
    needsYou: needsYou(snap),
    lastHeard: server.heard,
    nextTry: plan.attempt > 0 ? plan.at : null,
    recorded: local.seq,
    confirmed,
    // Said only when the server has said it of this very database: an empty outbox proves nothing (P32). A server that has
    // forgotten something has it again only when all of the journal has been offered to it (P31).
    allConfirmed: server.incarnation === local.incarnation && server.head_seq === local.seq && !offer,
    hidden,
    persisted: persisted ?? null,
    loginNeeded: standing === 'login_required',
    ofOthers: snap.others.filter((entry) => snap.results[entry.op_id] === undefined).length,
    wiped: ctx.end === 'wiped',
  };
}
