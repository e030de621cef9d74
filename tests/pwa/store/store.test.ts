import 'fake-indexeddb/auto';

import { IDBFactory } from 'fake-indexeddb';
import { wrap } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  absorb,
  append,
  cursors,
  KEEP_MS,
  markBlob,
  openDatabase,
  prune,
  reopenBlobs,
  restamp,
  settle,
  stage,
  StagingLost,
  StoreError,
  strict,
  swap,
  type AppendState,
  type Database,
  type MirrorRow,
  type Pull,
  type Swap,
} from '../../../pwa/store';
import { digest, sameDigest } from '../../../sync/ts/digest';
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
  const kept = await append(db, { rows: [], outbox: () => false, blobs }, ({ head }: AppendState) => {
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
  return kept.entries.map((entry) => entry.envelope);
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

const PULL: Pull = { run: 'r', reader: undefined };
const PAGE: Swap = { scope: 'courier:a', to: 0, staged: 0, rows: [], fresh: false, holds: null };

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
    await stage(db, PULL, [row('task:1', 1)]);
    await swap(db, PULL, [{ ...PAGE, to: 1, staged: 1 }], (made) => made);
    await markBlob(db, 's1', 'stored', null);
    await reopenBlobs(db, ['s1']);
    await settle(db, ['op-1'], []);
    await prune(db, KEEP_MS * 2);
    await absorb(db, [], server, 1, { device: 'd', user: 'a' });
    expect(asked.length).toBeGreaterThanOrEqual(9);
    expect(new Set(asked)).toEqual(new Set(['strict']));
  });

  it('P8 keeps the frozen shape of an outbox row', async () => {
    const [made] = await record();
    expect(await db.getAll('outbox')).toEqual([{ seq: 1, op_id: 'op-1', enc: 'none', envelope: made }]);
  });

  it('keeps nothing of a write that failed half-way', async () => {
    await expect(
      append(db, { rows: [], outbox: () => false, blobs: [] }, ({ head }) => ({
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
      append(db, { rows: [], outbox: () => false, blobs: [] }, ({ head }) => ({ envelopes: [again], head, blobs: [] })),
    ).rejects.toThrow();
    expect((await db.getAll('outbox')).map((one) => one.op_id)).toEqual(['op-1']);
  });

  it('P8 F23 leaves a database that newer code has upgraded beyond it as it is, and says so', async () => {
    await record();
    await upgraded(2);
    await expect(openDatabase(factory, 'test')).rejects.toMatchObject(new StoreError('outdated'));
    expect((await newer.getAll('outbox')).map((one) => one.op_id)).toEqual(['op-1']);
  });

  it('P8 F23 works on one that newer code has upgraded and lets it', async () => {
    await record();
    await upgraded(1);
    newer.close();
    db = await openDatabase(factory, 'test');
    expect((await db.getAll('outbox')).map((one) => one.op_id)).toEqual(['op-1']);
    await append(db, { rows: [], outbox: () => false, blobs: [] }, ({ head }) => ({
      envelopes: [envelope(2)],
      head,
      blobs: [],
    }));
    expect(await db.count('outbox')).toBe(2);
  });
});

let newer: Database;

/** A later version's upgrade, and what it says of older code. */
async function upgraded(readableFrom: number): Promise<void> {
  db.close();
  const request = factory.open('test', 99);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('later');
    request.transaction?.objectStore('meta').put(readableFrom, 'readable_from');
  };
  newer = (await wrap(request)) as unknown as Database;
}

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

  it('P10 keeps a proof that a younger operation names as well', async () => {
    await record(['s1']);
    await record(['s1']);
    await absorb(db, [result('op-1', 1)], server, 1);
    await absorb(db, [result('op-2', 2)], server, 1_000);
    await settle(db, ['op-1', 'op-2'], []);
    await markBlob(db, 's1', 'stored', null);
    expect(await prune(db, KEEP_MS + 2)).toBe(1);
    expect([await db.count('blobs'), await db.count('bytes')]).toEqual([1, 1]);
    expect(await prune(db, KEEP_MS + 1_002)).toBe(1);
    expect([await db.count('blobs'), await db.count('bytes')]).toEqual([0, 0]);
  });

  it('P10 an operation of a former chain counts its fourteen days from its answer, one that moved begins anew', async () => {
    await record();
    await record();
    await absorb(db, [result('op-1', 1)], server, 1);
    await settle(db, ['op-1'], []);
    await restamp(db, 'i2', (old, seq, prev) => ({ envelope: { ...old, incarnation: 'i2', seq, prev }, hash: 'h' }));
    expect((await db.getAll('journal')).map((one) => [one.op_id, one.incarnation, one.seq, one.acked_at])).toEqual([
      ['op-1', INCARNATION, 1, 1],
      ['op-2', 'i2', 1, null],
    ]);
    expect(await prune(db, 100 * KEEP_MS)).toBe(1);
    expect(await db.getAllKeys('journal')).toEqual(['op-2']);
    await absorb(db, [result('op-2', 1)], { ...server, incarnation: 'i2' }, 100 * KEEP_MS);
    await settle(db, ['op-2'], []);
    expect(await prune(db, 101 * KEEP_MS)).toBe(0);
    expect(await prune(db, 101 * KEEP_MS + 1)).toBe(1);
  });

  it('P10 P31 what a restored server may not have is never pruned before it has answered for it again', async () => {
    await record();
    await record();
    await absorb(db, [result('op-1', 1), result('op-2', 2)], { ...server, head_seq: 2 }, 1);
    await settle(db, ['op-1', 'op-2'], []);
    await swap(db, PULL, [{ ...PAGE, to: 4 }], (made) => made);
    await absorb(db, [], { ...server, head_seq: 1, epoch: 'f' }, 2, { device: 'e', user: 'a' });
    expect(await cursors(db)).toEqual({});
    expect(await prune(db, 100 * KEEP_MS)).toBe(1);
    expect(await db.getAllKeys('journal')).toEqual(['op-2']);
    expect(await db.count('outbox')).toBe(0);
    await swap(db, PULL, [{ ...PAGE, fresh: true }], (made) => made);
    expect((await db.getAll('outbox')).map((one) => one.op_id)).toEqual(['op-2']);
  });

  it('P11 P31 a restored server is told again what this device or this courier recorded, nobody else elsewhere', async () => {
    const acked = async () => (await db.get('journal', 'op-1'))?.acked_at;
    await record();
    await absorb(db, [result('op-1', 1)], server, 1);
    await settle(db, ['op-1'], []);
    const forgetful = { ...server, head_seq: 0, epoch: 'f' };
    await absorb(db, [], forgetful, 2, { device: 'another', user: 'somebody else' });
    expect(await acked()).toBe(1);
    await absorb(db, [], forgetful, 2, { device: 'd', user: 'somebody else' });
    expect(await acked()).toBeNull();
  });
});

describe('the mirror', () => {
  const like = (wanted: { entity: string; rev: number }[]) => (present: MirrorRow[]) =>
    sameDigest(digest(present), digest(wanted));
  const finish = (to: number, staged: number, rows: MirrorRow[], over: Partial<Swap> = {}) =>
    swap(db, PULL, [{ ...PAGE, to, staged, rows, ...over }], (made) => made);

  it('P26 shows staged pages and moves the cursor in one go', async () => {
    await stage(db, PULL, [row('task:1', 1), row('task:2', 2)]);
    expect(await db.count('rows')).toBe(0);
    await finish(3, 2, [row('task:3', 3)]);
    expect(await db.count('rows')).toBe(3);
    expect(await db.count('staging')).toBe(0);
    expect(await cursors(db)).toEqual({ 'courier:a': 3 });
  });

  it('P26 refuses to move the cursor over pages another tab has cleared', async () => {
    await stage(db, PULL, [row('task:1', 1)]);
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

  it('P29 a walk from nothing replaces what was there, and sets the cursor back', async () => {
    await finish(9, 0, [row('task:1', 7), row('task:2', 8), row('notice:1', 9)]);
    await finish(3, 0, [row('task:1', 3)], { fresh: true });
    const left = await db.getAll('rows');
    expect(left.map((one) => [one.entity, one.ver, one.present])).toEqual([
      ['task:1', 3, true],
      ['task:2', 3, false],
    ]);
    expect(await cursors(db)).toEqual({ 'courier:a': 3 });
  });

  it('P29 a walk from nothing leaves the rows of other scopes alone', async () => {
    await finish(1, 0, [row('task:1', 1)]);
    await finish(1, 0, [], { scope: 'courier:b', fresh: true });
    expect((await db.get('rows', 'task:1'))?.present).toBe(true);
  });

  it('P30 holds the rows against the digest once they are swapped in', async () => {
    const rows = [row('task:1', 1), row('task:2', 2)];
    expect(await finish(2, 0, rows, { holds: like(rows) })).toEqual([]);
    expect(await finish(3, 0, [row('task:2', 3, false)], { holds: like(rows) })).toEqual(['courier:a']);
    expect(await finish(3, 0, [], { holds: like(rows.slice(0, 1)) })).toEqual([]);
    await strict(db, ['rows'], (tx) => tx.objectStore('rows').delete('task:1'));
    expect(await finish(3, 0, [], { holds: like(rows.slice(0, 1)) })).toEqual(['courier:a']);
  });

  it('P30 a page of a past state says nothing about rows another tab has brought further', async () => {
    await finish(5, 0, [row('task:1', 5)]);
    expect(await finish(3, 0, [], { holds: like([row('task:1', 3)]) })).toEqual([]);
  });

  it('P28 a removal becomes a tombstone, which goes once nothing waits behind it', async () => {
    await finish(1, 0, [row('task:1', 1)]);
    await finish(2, 0, [row('task:1', 2, false)]);
    expect((await db.get('rows', 'task:1'))?.present).toBe(false);
    await settle(db, [], ['task:1']);
    expect(await db.count('rows')).toBe(0);
  });
});
