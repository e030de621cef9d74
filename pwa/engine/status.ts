/** How far this handheld and the server are apart, in numbers a screen can say in a sentence. */
import type { LocalValue } from '../store';
import { CALM } from './backoff';
import { saidOf, type Context } from './context';
import { look } from './memory';
import type { SyncStatus } from './types';

/** A clock that is off by more is wrong (P35), ms. */
const ALLOWED_MS = 300_000;

/** What corrects this handheld's clock, of which the server's was once `ahead`; 0 while it is good enough. */
export function clockWrong(ahead = 0): number {
  return Math.abs(ahead) > ALLOWED_MS ? ahead : 0;
}

export async function status(ctx: Context): Promise<SyncStatus> {
  const { meta, picture } = await look(ctx);
  const { snap } = picture;
  const local = meta.local as LocalValue;
  const server = saidOf(meta.server, local);
  const plan = ctx.unkept ?? meta.retry ?? CALM;
  const confirmed = Math.min(server.head_seq, local.seq);
  return {
    phase: ctx.syncing ? 'syncing' : meta.standing === 'revoked' && plan.phase === 'idle' ? 'revoked' : plan.phase,
    code: plan.code,
    waiting: local.seq - confirmed,
    proofsWaiting: snap.waitingBlobs.length,
    needsYou: picture.needsYou,
    lastHeard: server.heard,
    clockBehind: server.ahead ?? 0,
    clockWrong: clockWrong(server.ahead),
    room: ctx.room,
    nextTry: plan.attempt > 0 ? plan.at : null,
    recorded: local.seq,
    confirmed,
    // Said only when the server has said it of this very database: an empty outbox proves nothing (P32). A server that has
    // forgotten something has it again only when all of the journal has been offered to it (P31).
    allConfirmed: server.incarnation === local.incarnation && server.head_seq === local.seq && !meta.offer,
    hidden: picture.hidden,
    persisted: meta.persisted ?? null,
    loginNeeded: meta.standing === 'login_required',
    ofOthers: snap.others.filter((entry) => snap.results[entry.op_id] === undefined).length,
    wiped: ctx.end === 'wiped',
  };
}
