import { describe, expect, it } from 'vitest';
import { decision, newestNotices, sections, standing, summary, unlisted } from '../../../pwa/courier/outbox/model';
import { syncMark } from '../../../pwa/courier/shell/model';
import type { Difference, NoticeView, OutboxItem, Receipt, SyncStatus } from '../../../pwa/engine';

const item = (seq: number, more: Partial<OutboxItem> = {}): OutboxItem => ({
  seq,
  op_id: `op-${seq}`,
  type: 'task.delivered',
  entity: 'task:x',
  at: seq,
  state: 'confirmed',
  seen: false,
  proofsWaiting: 0,
  ...more,
});
const status = (more: Partial<SyncStatus> = {}): SyncStatus => ({
  phase: 'idle',
  code: null,
  waiting: 0,
  proofsWaiting: 0,
  needsYou: 0,
  lastHeard: 1,
  nextTry: null,
  recorded: 3,
  confirmed: 3,
  allConfirmed: true,
  hidden: [],
  persisted: true,
  loginNeeded: false,
  ofOthers: 0,
  wiped: false,
  ...more,
});

describe('each item says how it stands', () => {
  it.each([
    [item(1, { state: 'saved' }), 'waiting'],
    [item(1, { state: 'saved', proofsWaiting: 2 }), 'waiting'],
    [item(1, { status: 'applied', proofsWaiting: 1 }), 'proofs'],
    [item(1, { status: 'applied' }), 'confirmed'],
    [item(1, { status: 'merged' }), 'merged'],
    [item(1, { status: 'deferred' }), 'deferred'],
    [item(1, { status: 'conflict', state: 'needs_you' }), 'conflict'],
    [item(1, { status: 'quarantined', state: 'needs_you' }), 'quarantined'],
  ] as const)('case %#', (given, words) => expect(standing(given)).toBe(words));
});

describe('the order of the list', () => {
  it('what needs a person, what waits, what is done; newest first in each', () => {
    const items = [
      item(1),
      item(2, { state: 'saved' }),
      item(3, { state: 'needs_you' }),
      item(4, { state: 'saved' }),
      item(5, { proofsWaiting: 1 }),
      item(6),
    ];
    const { attention, waiting, confirmed } = sections(items);
    expect(attention.map((one) => one.seq)).toEqual([3]);
    expect(waiting.map((one) => one.seq)).toEqual([5, 4, 2]);
    expect(confirmed.map((one) => one.seq)).toEqual([6, 1]);
  });
  it('what was seen no longer stands in front', () => {
    expect(sections([item(1, { state: 'needs_you', seen: true })]).attention).toEqual([]);
  });
  it('unread decisions first', () => {
    const notice = (id: string, at: number, seen: boolean): NoticeView => ({ id, at, seen }) as NoticeView;
    expect(
      newestNotices([notice('a', 3, true), notice('b', 1, false), notice('c', 2, false)]).map((one) => one.id),
    ).toEqual(['c', 'b', 'a']);
  });
  it('a photo whose operation has left the list is named all the same', () => {
    const differences = (
      [
        ['proofs', 'op-1'],
        ['proofs', 'op-9'],
        ['proofs_lost', 'op-1'],
        ['waiting', 'op-8'],
      ] as const
    ).map(([kind, op_id]) => ({ kind, op_id }) as Difference);
    const left = unlisted({ differences } as Receipt, [item(1)]);
    expect(left.map(({ kind, op_id }) => `${kind} ${op_id}`)).toEqual(['proofs op-9', 'proofs_lost op-1']);
    expect(unlisted(null, [])).toEqual([]);
  });
  it('a decision is told by its outcome', () => {
    expect(decision({ kind: 'decided', outcome: 'theirs' } as NoticeView)).toBe('theirs');
    expect(decision({ kind: 'settled', outcome: null } as NoticeView)).toBe('settled');
  });
});

describe('the sentence and the mark', () => {
  it('says only what there is', () => {
    expect(summary(status({ waiting: 2, needsYou: 1 }))).toEqual([
      { key: 'waiting', n: 2 },
      { key: 'needsYou', n: 1 },
    ]);
  });
  it('says "all confirmed" only when the server said so (P32)', () => {
    expect(summary(status())).toEqual([{ key: 'clear', n: 0 }]);
    expect(summary(status({ allConfirmed: false }))).toEqual([{ key: 'unknown', n: 0 }]);
    // An empty storage may have been a full one an hour ago.
    expect(summary(status({ recorded: 0, confirmed: 0 }))).toEqual([{ key: 'none', n: 0 }]);
    expect(syncMark(status()).state).toBe('confirmed');
    expect(syncMark(status({ allConfirmed: false })).state).toBe('saved');
    expect(syncMark(null).state).toBe('saved');
  });
  it('a person is needed before anything waits; offline shows beside it', () => {
    expect(syncMark(status({ needsYou: 1, waiting: 4 }))).toMatchObject({ state: 'needs_you', n: 1 });
    expect(syncMark(status({ waiting: 4, phase: 'offline' }))).toMatchObject({ state: 'saved', n: 4, offline: true });
    expect(syncMark(status({ proofsWaiting: 2 }))).toMatchObject({ state: 'saved', words: 'proofs' });
  });
});
