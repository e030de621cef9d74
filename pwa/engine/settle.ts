/** After a pull or a look: what is over leaves the outbox. The journal keeps it. */
import { scopesOf } from './pull';
import { settle, strict, type ResultRow } from '../store';
import type { Context } from './context';
import { look } from './memory';
import { noticeViews, settled, type Snapshot } from './views';

export async function settleAll(ctx: Context): Promise<void> {
  await settleDeferred(ctx, (await look(ctx)).picture.snap);
  const done = settled((await look(ctx)).picture.snap);
  await settle(ctx.db, done.operations, done.tombstones);
}

/** A deferred operation is decided long after its answer: the decision comes as a notice, and replaces the answer (P18). */
async function settleDeferred(ctx: Context, snap: Snapshot): Promise<void> {
  const scope = ctx.identity ? (scopesOf(ctx.identity)[0] as string) : '';
  const decided = noticeViews(snap).flatMap((notice): ResultRow[] => {
    const result = snap.results[notice.op_id];
    if (notice.kind !== 'settled' || notice.status === null || result?.status !== 'deferred') return [];
    // Notice and rows came with one pull: whatever the operation did is already in the rows.
    const covered = { status: notice.status, code: null, conflict: notice.conflict, applied_at: { scope, ver: 0 } };
    return [{ ...result, ...covered }];
  });
  if (!decided.length) return;
  await strict(ctx.db, ['results'], (tx) =>
    Promise.all(decided.map((result) => tx.objectStore('results').put(result))),
  );
}
