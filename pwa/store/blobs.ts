/** Proofs: content-addressed, kept until the server has committed them (P33, I10). */
import { strict } from './database';
import type { BlobRow, Database } from './schema';

export async function waitingBlobs(db: Database): Promise<BlobRow[]> {
  return db.getAllFromIndex('blobs', 'state', 'waiting');
}

/** Hashes of the proofs the server has committed, as far as we know. */
export async function storedBlobs(db: Database): Promise<string[]> {
  return db.getAllKeysFromIndex('blobs', 'state', 'stored');
}

export async function blobBytes(db: Database, sha: string): Promise<Uint8Array | undefined> {
  return (await db.get('bytes', sha))?.bytes;
}

/** Notes what became of an upload. The bytes stay: a restored server may ask for them again. */
export async function markBlob(db: Database, sha: string, state: BlobRow['state'], code: string | null): Promise<void> {
  await strict(db, ['blobs'], async (tx) => {
    const row = await tx.objectStore('blobs').get(sha);
    if (row) await tx.objectStore('blobs').put({ ...row, state, code });
  });
}

/** The server asks for these: whatever we believed, they are waiting again. */
export async function reopenBlobs(db: Database, shas: string[]): Promise<void> {
  if (!shas.length) return;
  await strict(db, ['blobs'], async (tx) => {
    const rows = await Promise.all(shas.map((sha) => tx.objectStore('blobs').get(sha)));
    const stored = rows.filter((row) => row !== undefined && row.state === 'stored') as BlobRow[];
    await Promise.all(stored.map((row) => tx.objectStore('blobs').put({ ...row, state: 'waiting', code: null })));
  });
}
