/**
 * What a handheld holds that cannot send any more, handed to another (P11): sealed logs that keep author, device and place. Whoever
 * carries one can neither read himself into it nor change it: the seal is made with this handheld's credential (the server knows its
 * hash), and what is carried stands in no outbox of the carrier's.
 */
import { hex, sha256, utf8 } from '../../sync/ts/sha256';
import { sha256Hex } from '../../sync/ts/canonical';
import { readMeta, slice, strict, waitingBlobs, type BlobRow, type CarriedValue, type Database } from '../store';
import { localHead, serverSaid, type Context } from './context';
import { Refusal, sendBytes } from './transport';
import { RescueError, type CarriedView, type Envelope, type RescueFile, type SealedLog } from './types';

/** Operations of one sealed log: the server takes no body of more than a mebibyte. */
const LOG_LENGTH = 400;
const MOST = 20_000;
const BLOCK = 64;

interface LogBody {
  device: string;
  incarnation: string;
  author_name: string;
  station: string;
  from_seq: number;
  operations: Envelope[];
  made_at: number;
}

/** HMAC-SHA256 under the hash of the credential, as the server keeps it. */
export function sealOf(credential: string, text: string): string {
  const key = utf8(sha256Hex(credential));
  const padded = (with_: number): Uint8Array => {
    const block = new Uint8Array(BLOCK).fill(with_);
    key.forEach((byte, at) => (block[at] = byte ^ with_));
    return block;
  };
  const inner = sha256(joined(padded(0x36), utf8(text)));
  return hex(sha256(joined(padded(0x5c), inner)));
}

/** Everything the server has not said that it has: this chain's operations in sealed logs, and the proofs that wait. */
export async function rescue(ctx: Context): Promise<RescueFile> {
  const { identity } = ctx;
  if (!identity) throw new RescueError('not_enrolled');
  const [head, said] = await Promise.all([localHead(ctx.db), serverSaid(ctx.db)]);
  const rows = await slice(ctx.db, head.incarnation, said.head_seq + 1, MOST);
  const packages: SealedLog[] = [];
  for (let at = 0; at < rows.length; at += LOG_LENGTH) {
    const operations = rows.slice(at, at + LOG_LENGTH).map((row) => row.envelope);
    const body = JSON.stringify({
      device: identity.device,
      incarnation: head.incarnation,
      author_name: identity.user.name,
      station: identity.station.id,
      from_seq: operations[0]?.seq ?? 1,
      operations,
      made_at: ctx.platform.now(),
    } satisfies LogBody);
    packages.push({ body, seal: sealOf(identity.credential, body) });
  }
  const waiting = await waitingBlobs(ctx.db);
  const proofs = await Promise.all(
    waiting.map(async ({ sha, type, kind, entity, op_id }) => {
      const bytes = (await ctx.db.get('bytes', sha))?.bytes ?? new Uint8Array();
      return { sha256: sha, type, kind, entity, op_id, bytes };
    }),
  );
  return { packages, proofs: proofs.filter((proof) => proof.bytes.length > 0), operations: rows.length };
}

/** Takes a colleague's logs along, on the disk before it says so; they go to the server beside the next sync. */
export async function carry(ctx: Context, { packages, proofs }: Omit<RescueFile, 'operations'>): Promise<void> {
  const { identity } = ctx;
  if (!identity) throw new RescueError('not_enrolled');
  const logs = packages.map((one) => carriedOf(one));
  if (!logs.length) throw new RescueError('empty');
  if (logs.some((log) => log.device === identity.device)) throw new RescueError('own');
  if (logs.some((log) => log.station !== identity.station.id)) throw new RescueError('other_station');
  const pictures = await Promise.all(
    proofs.map(async (proof) => ((await ctx.platform.hash(proof.bytes)) === proof.sha256 ? [proof] : [])),
  );
  const known = new Set(logs.map((log) => log.id));
  await strict(ctx.db, ['meta', 'blobs', 'bytes'], async (tx) => {
    const before = ((await tx.objectStore('meta').get('carried')) as CarriedValue[] | undefined) ?? [];
    const kept = before.filter((one) => !known.has(one.id) || one.state === 'taken');
    const fresh = logs.filter((one) => !kept.some((other) => other.id === one.id));
    const named = pictures.flat();
    const there = await Promise.all(named.map((proof) => tx.objectStore('blobs').getKey(proof.sha256)));
    const missing = named.filter((_, at) => there[at] === undefined);
    await Promise.all([
      tx
        .objectStore('meta')
        .put(
          [
            ...kept,
            ...fresh.map((one, at) => ({ ...one, proofs: at === 0 ? missing.map((proof) => proof.sha256) : [] })),
          ],
          'carried',
        ),
      ...missing.flatMap(({ sha256: sha, type, kind, entity, op_id, bytes }) => [
        // Seq 0: it waits for no operation of this handheld's own.
        tx.objectStore('blobs').put({
          sha,
          type,
          kind,
          size: bytes.length,
          op_id,
          entity,
          seq: 0,
          state: 'waiting',
          code: null,
        } satisfies BlobRow),
        tx.objectStore('bytes').put({ sha, bytes }),
      ]),
    ]);
  });
  ctx.changed();
}

/** Beside a sync: hands in what is carried. What the server refuses stays, and says why; a broken line ends the sync. */
export async function handInCarried(ctx: Context): Promise<void> {
  const waiting = ((await readMeta(ctx.db, 'carried')) ?? []).filter((one) => one.state === 'waiting');
  for (const log of waiting) {
    const answered = await handIn(ctx, log);
    await change(ctx.db, log.id, answered);
    ctx.changed();
  }
  await forgetProofs(ctx.db);
}

async function handIn(ctx: Context, log: CarriedValue): Promise<Partial<CarriedValue>> {
  const body = utf8(JSON.stringify({ body: log.body, seal: log.seal }));
  try {
    const answer = await sendBytes(ctx, {
      method: 'POST',
      path: '/api/v1/rescue',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const told = JSON.parse(new TextDecoder().decode(answer.body)) as { taken?: number; expected_seq?: number | null };
    if (typeof told.taken !== 'number') return { code: 'not_ours' };
    if (typeof told.expected_seq === 'number') return { code: 'gap' };
    // The server has it in its own log: a copy of a colleague's customers is not kept any longer than that.
    return { state: 'taken', code: null, body: '', seal: '' };
  } catch (error) {
    const final = error instanceof Refusal && error.status < 500 && ![401, 408, 429].includes(error.status);
    if (final) return { state: 'refused', code: error.code };
    throw error;
  }
}

/** Proofs of a log that was taken go from here once the server has them as well. */
async function forgetProofs(db: Database): Promise<void> {
  await strict(db, ['meta', 'blobs', 'bytes'], async (tx) => {
    const all = ((await tx.objectStore('meta').get('carried')) as CarriedValue[] | undefined) ?? [];
    const done = all.filter((one) => one.state === 'taken').flatMap((one) => one.proofs);
    if (done.length === 0) return;
    const rows = await Promise.all(done.map((sha) => tx.objectStore('blobs').get(sha)));
    const gone = rows.filter((row) => row?.state === 'stored').map((row) => (row as BlobRow).sha);
    await Promise.all([
      ...gone.flatMap((sha) => [tx.objectStore('blobs').delete(sha), tx.objectStore('bytes').delete(sha)]),
      tx.objectStore('meta').put(
        all.map((one) => ({ ...one, proofs: one.proofs.filter((sha) => !gone.includes(sha)) })),
        'carried',
      ),
    ]);
  });
}

export async function carried(ctx: Context): Promise<CarriedView[]> {
  return ((await readMeta(ctx.db, 'carried')) ?? []).map(({ id, author_name, n, made_at, state, code }) => ({
    id,
    author: author_name,
    operations: n,
    made_at,
    state,
    code,
  }));
}

async function change(db: Database, id: string, more: Partial<CarriedValue>): Promise<void> {
  await strict(db, ['meta'], async (tx) => {
    const all = ((await tx.objectStore('meta').get('carried')) as CarriedValue[] | undefined) ?? [];
    await tx.objectStore('meta').put(
      all.map((one) => (one.id === id ? { ...one, ...more } : one)),
      'carried',
    );
  });
}

function carriedOf({ body, seal }: SealedLog): CarriedValue & { station: string } {
  let told: Partial<LogBody>;
  try {
    told = JSON.parse(body) as Partial<LogBody>;
  } catch {
    throw new RescueError('unreadable');
  }
  const { device, station, operations, author_name, made_at } = told;
  if (typeof device !== 'string' || typeof station !== 'string' || !Array.isArray(operations)) {
    throw new RescueError('unreadable');
  }
  if (!/^[0-9a-f]{64}$/.test(seal)) throw new RescueError('unreadable');
  return {
    id: sha256Hex(body),
    device,
    station,
    author_name: typeof author_name === 'string' ? author_name : '',
    n: operations.length,
    made_at: Number.isSafeInteger(made_at) ? (made_at as number) : 0,
    body,
    seal,
    proofs: [],
    state: 'waiting',
    code: null,
  };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  return all;
}
