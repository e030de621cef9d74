/** How far this handheld and the server are apart, in numbers a screen can say in a sentence. */
import { readMeta } from '../store';
import { retryPlan } from './backoff';
import { localHead, serverSaid, type Context } from './context';
import type { SyncStatus } from './types';
import { needsYou, snapshot, taskViews } from './views';

export async function status(ctx: Context): Promise<SyncStatus> {
  const [local, server, plan, persisted, snap] = await Promise.all([
    localHead(ctx.db),
    serverSaid(ctx.db),
    retryPlan(ctx),
    readMeta(ctx.db, 'persisted'),
    snapshot(ctx),
  ]);
  const hidden = taskViews(snap).flatMap(({ task, parcel, removed }) =>
    removed && removed.waiting > 0 ? [{ id: task.id, waybill: parcel.waybill, ...removed }] : [],
  );
  const confirmed = Math.min(server.head_seq, local.seq);
  return {
    phase: ctx.syncing ? 'syncing' : plan.phase,
    code: plan.code,
    waiting: local.seq - confirmed,
    proofsWaiting: snap.waitingBlobs.length,
    needsYou: needsYou(snap),
    lastHeard: server.heard,
    nextTry: plan.attempt > 0 ? plan.at : null,
    recorded: local.seq,
    confirmed,
    // Said only when the server has said it of this very database: an empty outbox proves nothing (P32).
    allConfirmed: server.incarnation === local.incarnation && server.head_seq === local.seq,
    hidden,
    persisted: persisted ?? null,
  };
}
