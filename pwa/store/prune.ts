/** The journal's end of life (P10): fourteen days after the server has an operation and its proofs. */
import { strict } from './database';
import type { Database } from './schema';

export const KEEP_MS = 14 * 24 * 3_600_000;

/**
 * Forgets operations acknowledged before `now - KEEP_MS` (the server's clock: this one may be a year ahead), unless the outbox or
 * a proof still needs them. A proof goes with the last operation that names it. Returns how many operations have gone.
 */
export async function prune(db: Database, now: number): Promise<number> {
  return strict(db, ['journal', 'outbox', 'blobs', 'bytes', 'results'], async (tx) => {
    const [journal, unsettled, blobs] = await Promise.all([
      tx.objectStore('journal').getAll(),
      tx.objectStore('outbox').getAllKeys(),
      tx.objectStore('blobs').getAll(),
    ]);
    const open = new Set(blobs.filter((blob) => blob.state !== 'stored').map((blob) => blob.sha));
    const needed = new Set(unsettled);
    const old = journal.filter(
      (row) =>
        row.acked_at !== null &&
        row.acked_at < now - KEEP_MS &&
        !needed.has(row.op_id) &&
        !row.envelope.blobs.some((sha) => open.has(sha)),
    );
    const gone = new Set(old.map((row) => row.op_id));
    const named = new Set(journal.filter((row) => !gone.has(row.op_id)).flatMap((row) => row.envelope.blobs));
    const over = new Set(old.flatMap((row) => row.envelope.blobs));
    const proofs = blobs.filter((blob) => over.has(blob.sha) && !named.has(blob.sha) && blob.state === 'stored');
    await Promise.all([
      ...old.flatMap((row) => [
        tx.objectStore('journal').delete(row.op_id),
        tx.objectStore('results').delete(row.op_id),
      ]),
      ...proofs.flatMap((blob) => [tx.objectStore('blobs').delete(blob.sha), tx.objectStore('bytes').delete(blob.sha)]),
    ]);
    return old.length;
  });
}
