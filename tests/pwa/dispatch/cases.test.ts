import { describe, expect, it } from 'vitest';
import { delayOf, sayings, timelineInOrder } from '../../../pwa/dispatch/detail/model';
import { shown } from '../../../pwa/dispatch/values';
import { HOUR, NOON } from './rows';

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
  });

  it('puts what a handheld with a wrong clock did where it belongs', () => {
    const early = { op_id: 'early', at: NOON + 2 * HOUR, received_at: NOON + 9 * HOUR, skew_ms: -3 * HOUR };
    const late = { op_id: 'late', at: NOON, received_at: NOON, skew_ms: 900 };
    expect(timelineInOrder([early, late]).map((item) => item.op_id)).toEqual(['late', 'early']);
  });

  it('has the newest on top', () => {
    const entry = (op_id: string, at: number) => ({ op_id, at, received_at: at, skew_ms: null });
    expect(timelineInOrder([entry('a', 1), entry('b', 2)]).map((item) => item.op_id)).toEqual(['b', 'a']);
  });

  it('sorts values by how they are read', () => {
    expect(shown('window_end', NOON)).toEqual({ as: 'time', value: NOON });
    expect(shown('courier', 'liang')).toEqual({ as: 'person', value: 'liang' });
    expect(shown('active', false)).toEqual({ as: 'yes_no', value: false });
    expect(shown('note', '')).toEqual({ as: 'nothing' });
  });
});
