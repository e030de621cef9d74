import { describe, expect, it } from 'vitest';
import {
  casesInOrder,
  differences,
  isSkewed,
  nextCase,
  outcomesInOrder,
  rawLines,
  sideTime,
  urgencyOf,
} from '../../../pwa/dispatch/conflicts/model';
import { delayOf, sayings, timelineInOrder } from '../../../pwa/dispatch/detail/model';
import type { ConflictCase } from '../../../pwa/dispatch/types';
import { shown } from '../../../pwa/dispatch/values';
import { HOUR, NOON } from './rows';

const DELIVERED = { type: 'task.delivered', at: NOON, status: 'delivered', recipient: 'self' };
const CANCELLED = { status: 'cancelled', at: NOON - HOUR, reason: '客户来电取消' };

describe('both versions side by side', () => {
  it('show differing fields only, the disputed one first, times in the headings', () => {
    const rows = differences({ mine: DELIVERED, theirs: CANCELLED, base: {}, fields: ['status'] });
    expect(rows.map((row) => row.field)).toEqual(['status', 'recipient', 'reason']);
    expect(rows[0]).toMatchObject({
      mine: { as: 'status', value: 'delivered' },
      theirs: { as: 'status', value: 'cancelled' },
    });
    expect(rows[1]?.theirs).toEqual({ as: 'nothing' });
    expect(sideTime(CANCELLED)).toBe(NOON - HOUR);
  });

  it('leave out what both say', () => {
    const rows = differences({
      mine: { amount_minor: 100, currency: 'CNY' },
      theirs: { amount_minor: 200, currency: 'CNY' },
      base: { amount_minor: 50 },
      fields: ['amount_minor'],
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.base).toEqual({ as: 'money', value: 50 });
  });

  it('show nested records by their fields and hide ids and digests', () => {
    const rows = differences({
      mine: { outcome: { op_id: 'x', type: 'task.delivered', recipient: 'self' }, signature: 'abc' },
      theirs: { outcome: null },
      base: {},
      fields: [],
    });
    expect(rows.map((row) => row.field).sort()).toEqual(['outcome.recipient', 'outcome.type']);
  });

  it('show a raw problem line by line', () => {
    expect(rawLines({ mine: { code: 'invalid_payload', raw: { a: 1 }, detail: null } })).toEqual([
      { name: 'code', text: 'invalid_payload', block: false },
      { name: 'raw', text: '{\n  "a": 1\n}', block: true },
    ]);
  });
});

describe('deciding', () => {
  it('offers the suggested outcome first', () => {
    expect(outcomesInOrder({ outcomes: ['mine', 'theirs', 'noted'], suggested: 'theirs' })).toEqual([
      'theirs',
      'mine',
      'noted',
    ]);
    expect(outcomesInOrder({ outcomes: ['noted'], suggested: 'mine' })).toEqual(['noted']);
  });

  it('goes on to the neighbour', () => {
    const cases = ['a', 'b', 'c'].map((id) => ({ id }));
    expect(nextCase(cases, 'a')).toBe('b');
    expect(nextCase(cases, 'c')).toBe('b');
    expect(nextCase([{ id: 'a' }], 'a')).toBe('');
  });

  it('orders open cases by deadline and decided ones by decision', () => {
    const one = (id: string, due: number, at: number | null): ConflictCase =>
      ({ id, due_at: due, opened_at: 0, decision: at === null ? null : { at } }) as ConflictCase;
    expect(casesInOrder([one('a', 2, null), one('b', 1, null)]).map((item) => item.id)).toEqual(['b', 'a']);
    expect(casesInOrder([one('a', 2, 5), one('b', 1, 9)]).map((item) => item.id)).toEqual(['b', 'a']);
  });

  it('knows what is overdue and which clock is wrong', () => {
    expect(urgencyOf({ due_at: NOON }, NOON)).toBe('overdue');
    expect(urgencyOf({ due_at: NOON + HOUR / 4 }, NOON)).toBe('soon');
    expect(urgencyOf({ due_at: NOON + HOUR }, NOON)).toBe('calm');
    expect([300_000, -300_001, null].map(isSkewed)).toEqual([false, true, false]);
  });
});

describe('timeline', () => {
  it('tells a courier’s reason as a code of the list and a dispatcher’s as text', () => {
    expect(sayings({ type: 'task.attempt_failed', payload: { reason: 'NOT_HOME', note: null } })).toEqual([
      { field: 'reason', value: { as: 'reason', value: 'NOT_HOME' } },
    ]);
    expect(sayings({ type: 'task.cancelled', payload: { reason: '重复下单' } })).toEqual([
      { field: 'reason', value: { as: 'text', value: '重复下单' } },
    ]);
    expect(sayings({ type: 'a.type_of_tomorrow', payload: { x: 1 } })).toEqual([]);
  });

  it('names a delay only when it is one', () => {
    expect(delayOf({ at: NOON, received_at: NOON + 900 })).toBeNull();
    expect(delayOf({ at: NOON, received_at: NOON + HOUR })).toBe(HOUR);
    expect(delayOf({ at: NOON, received_at: null })).toBeNull();
  });

  it('puts what a handheld with a wrong clock did where it belongs', () => {
    const early = { op_id: 'early', at: NOON + 2 * HOUR, received_at: NOON + 9 * HOUR, skew_ms: -3 * HOUR };
    const late = { op_id: 'late', at: NOON, received_at: NOON, skew_ms: 900 };
    expect(timelineInOrder([early, late]).map((item) => item.op_id)).toEqual(['late', 'early']);
  });

  it('has the newest on top', () => {
    const entry = (op_id: string, at: number) => ({ op_id, at, received_at: at });
    expect(timelineInOrder([entry('a', 1), entry('b', 2)]).map((item) => item.op_id)).toEqual(['b', 'a']);
  });

  it('sorts values by how they are read', () => {
    expect(shown('window_end', NOON)).toEqual({ as: 'time', value: NOON });
    expect(shown('courier', 'liang')).toEqual({ as: 'person', value: 'liang' });
    expect(shown('active', false)).toEqual({ as: 'yes_no', value: false });
    expect(shown('note', '')).toEqual({ as: 'nothing' });
  });
});
