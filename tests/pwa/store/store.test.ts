import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  absorb,
  append,
  clearMirror,
  cursors,
  KEEP_MS,
  markBlob,
  openDatabase,
  prune,
  reopenBlobs,
  settle,
  stage,
  StagingLost,
  StoreError,
  strict,
  swap,
  type AppendState,
  type Database,
  type MirrorRow,
} from '../../../pwa/store';
import type { Envelope } from '../../../sync/ts/records';

const INCARNATION = 'i1';
const server = { incarnation: INCARNATION, head_seq: 1, epoch: 'e', heard: 1 };
let factory: IDBFactory;
let db: Database;

beforeEach(async () => {
  factory = new IDBFactory();
  db = await openDatabase(factory, 'test');
  await strict(db, ['meta'], (tx) =>
    tx.objectStore('meta').put({ incarnation: INCARNATION, seq: 0, prev: null }, 'local'),
  );
});

afterEach(() => vi.restoreAllMocks());

function envelope(seq: number, blobs: string[] = []): Envelope {
  const op = { op_id: `op-${seq}`, type: 'task.noted', v: 1, author: 'a', device: 'd', incarnation: INCARNATION, seq };
  return {
    ...op,
    prev: null,
    app: 't',
    entity: 'task:t',
    base_rev: null,
    base: {},
    payload: {},
    blobs,
    at: 1,
    mono: 1,
    boot: 'b',
  };
}

async function record(blobs: string[] = []): Promise<Envelope[]> {
  return append(db, { rows: [], outbox: false }, ({ head }: AppendState) => {
    const made = envelope(head.seq + 1, blobs);
    const proofs = blobs.map((sha) => ({
      row: {
        sha,
        type: 'image/png',
        kind: 'photo' as const,
        size: 1,
        op_id: made.op_id,
        entity: made.entity,
        seq: head.seq + 1,
        state: 'waiting' as const,
        code: null,
      },
      bytes: Uint8Array.of(1),
    }));
    return { envelopes: [made], head: { ...head, seq: head.seq + 1 }, blobs: proofs };
  });
}

const row = (entity: string, ver: number, present = true): MirrorRow => ({
  entity,
  scope: 'courier:a',
  rev: ver,
  ver,
  present,
  reason: present ? null : 'reassigned',
  body: present ? { n: ver } : null,
});

const result = (op: string, seq: number) => ({
  op_id: op,
  seq,
  status: 'applied' as const,
  code: null,
  detail: null,
  applied_at: null,
  conflict: null,
  at: 1,
});

describe('writing', () => {
  it('P7 asks for strict durability in every write transaction of every module', async () => {
    const asked: (string | undefined)[] = [];
    const real = IDBDatabase.prototype.transaction;
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      const tx = real.apply(this, args);
      if (tx.mode === 'readwrite') asked.push(tx.durability);
      return tx;
    });
    await record(['s1']);
    await absorb(db, [result('op-1', 1)], server, 1);
    await stage(db, 'r', [row('task:1', 1)]);
    await swap(db, 'r', [{ scope: 'courier:a', to: 1, staged: 1, rows: [] }], (made) => made);
    await markBlob(db, 's1', 'stored', null);
    await reopenBlobs(db, ['s1']);
    await settle(db, ['op-1'], []);
    await prune(db, KEEP_MS * 2);
    await clearMirror(db);
    expect(asked.length).toBeGreaterThanOrEqual(9);
    expect(new Set(asked)).toEqual(new Set(['strict']));
  });

  it('P8 keeps the frozen shape of an outbox row', async () => {
    const [made] = await record();
    expect(await db.getAll('outbox')).toEqual([{ seq: 1, op_id: 'op-1', enc: 'none', envelope: made }]);
  });

  it('keeps nothing of a write that failed half-way', async () => {
    await expect(
      append(db, { rows: [], outbox: false }, ({ head }) => ({
        envelopes: [envelope(1), envelope(1)],
        head,
        blobs: [],
      })),
    ).rejects.toThrow();
    expect(await db.count('outbox')).toBe(0);
    expect(await db.count('journal')).toBe(0);
  });

  it('never gives one seq to two operations, whatever a caller does', async () => {
    await record();
    const again = { ...envelope(1), op_id: 'other' };
    await expect(
      append(db, { rows: [], outbox: false }, ({ head }) => ({ envelopes: [again], head, blobs: [] })),
    ).rejects.toThrow();
    expect((await db.getAll('outbox')).map((one) => one.op_id)).toEqual(['op-1']);
  });

  it('says so when a newer app has been here', async () => {
    db.close();
    const request = factory.open('test', 99);
    await new Promise<void>((resolve) => (request.onsuccess = () => resolve()));
    request.result.close();
    await expect(openDatabase(factory, 'test')).rejects.toMatchObject(new StoreError('outdated'));
  });
});

describe('settling', () => {
  it('P11 never drops what the server has not answered, whoever asks', async () => {
    await record();
    await settle(db, ['op-1'], []);
    expect(await db.count('outbox')).toBe(1);
    await absorb(db, [result('op-1', 1)], server, 5);
    await settle(db, ['op-1'], []);
    expect(await db.count('outbox')).toBe(0);
    expect((await db.get('journal', 'op-1'))?.acked_at).toBe(5);
  });

  it('P10 prunes the journal only after fourteen days, and never before its proofs are stored', async () => {
    await record(['s1']);
    await absorb(db, [result('op-1', 1)], server, 1);
    await settle(db, ['op-1'], []);
    expect(await prune(db, KEEP_MS)).toBe(0);
    expect(await prune(db, KEEP_MS + 2)).toBe(0);
    await markBlob(db, 's1', 'stored', null);
    expect(await prune(db, KEEP_MS + 2)).toBe(1);
    expect(await db.count('bytes')).toBe(0);
  });
});

describe('the mirror', () => {
  const finish = (to: number, staged: number, rows: MirrorRow[]) =>
    swap(db, 'r', [{ scope: 'courier:a', to, staged, rows }], (made) => made);

  it('P26 shows staged pages and moves the cursor in one go', async () => {
    await stage(db, 'r', [row('task:1', 1), row('task:2', 2)]);
    expect(await db.count('rows')).toBe(0);
    await finish(3, 2, [row('task:3', 3)]);
    expect(await db.count('rows')).toBe(3);
    expect(await db.count('staging')).toBe(0);
    expect(await cursors(db)).toEqual({ 'courier:a': 3 });
  });

  it('P26 refuses to move the cursor over pages another tab has cleared', async () => {
    await stage(db, 'r', [row('task:1', 1)]);
    await strict(db, ['staging'], (tx) => tx.objectStore('staging').clear());
    await expect(finish(2, 1, [row('task:2', 2)])).rejects.toThrow(StagingLost);
    expect(await db.count('rows')).toBe(0);
    expect(await cursors(db)).toEqual({});
  });

  it('never lets an older page overwrite a newer row or set a cursor back', async () => {
    await finish(5, 0, [row('task:1', 5)]);
    await finish(3, 0, [row('task:1', 3)]);
    expect((await db.get('rows', 'task:1'))?.ver).toBe(5);
    expect(await cursors(db)).toEqual({ 'courier:a': 5 });
  });

  it('P28 a removal becomes a tombstone, which goes once nothing waits behind it', async () => {
    await finish(1, 0, [row('task:1', 1)]);
    await finish(2, 0, [row('task:1', 2, false)]);
    expect((await db.get('rows', 'task:1'))?.present).toBe(false);
    await settle(db, [], ['task:1']);
    expect(await db.count('rows')).toBe(0);
  });
});
