/** Signatures and photos travel in a lane of their own, after the operations that name them (P33). */
import { blobBytes, markBlob, waitingBlobs, type BlobRow } from '../store';
import { serverSaid, type Context } from './context';
import { Refusal, sendBytes } from './transport';

/** Uploads what belongs to confirmed operations; answers how many the server took. Throws what ends a sync. */
export async function uploadProofs(ctx: Context): Promise<number> {
  const { head_seq: confirmed } = await serverSaid(ctx.db);
  const due = (await waitingBlobs(ctx.db)).filter((blob) => blob.seq <= confirmed).sort(byUrgency);
  let sent = 0;
  for (const blob of due) {
    if (await upload(ctx, blob)) sent += 1;
    ctx.changed();
  }
  return sent;
}

/** Signatures first, then small before large, then older before newer. */
function byUrgency(a: BlobRow, b: BlobRow): number {
  const rank = (blob: BlobRow): number => (blob.kind === 'signature' ? 0 : 1);
  return rank(a) - rank(b) || a.size - b.size || a.seq - b.seq;
}

async function upload(ctx: Context, blob: BlobRow): Promise<boolean> {
  const bytes = await blobBytes(ctx.db, blob.sha);
  if (!bytes) {
    await markBlob(ctx.db, blob.sha, 'refused', 'bytes_lost');
    return false;
  }
  ctx.platform.failpoint('blob.before');
  try {
    await sendBytes(ctx, `/api/v1/blobs/${blob.sha}`, blob.type, bytes);
  } catch (error) {
    if (!(error instanceof Refusal) || !isFinal(error)) throw error;
    // The content itself is refused: asking again changes nothing, and the next proof must not wait for it.
    await markBlob(ctx.db, blob.sha, 'refused', error.code);
    return false;
  }
  ctx.platform.failpoint('blob.after');
  await markBlob(ctx.db, blob.sha, 'stored', null);
  return true;
}

function isFinal(refusal: Refusal): boolean {
  return [400, 413, 415, 422].includes(refusal.status);
}
