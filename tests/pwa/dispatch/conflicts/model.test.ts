import { describe, expect, it } from 'vitest';
import * as model from '../../../../pwa/dispatch/conflicts/model';
import type { Place } from '../../../../pwa/dispatch/conflicts/types';
import type { Outcome } from '../../../../pwa/dispatch/types';
import { desk } from '../../../../pwa/ui/strings/en/desk';
import rules from '../../../../sync/tables/merge.json';

const HOUR = 3_600_000;
const NOON = 1_777_867_200_000;
const DELIVERED = { type: 'task.delivered', at: NOON, status: 'delivered', recipient: 'self' };
const CANCELLED = { status: 'cancelled', at: NOON - HOUR, reason: '客户来电取消' };

describe('both versions side by side', () => {
  it('show differing fields only, the disputed one first, times in the headings', () => {
    const rows = model.differences({ mine: DELIVERED, theirs: CANCELLED, base: {}, fields: ['status'] });
    expect(rows.map((row) => row.field)).toEqual(['status', 'recipient', 'reason']);
    expect(rows[0]).toMatchObject({
      mine: { as: 'status', value: 'delivered' },
      theirs: { as: 'status', value: 'cancelled' },
    });
    expect(rows[1]?.theirs).toEqual({ as: 'nothing' });
    expect(model.sideTime(CANCELLED)).toBe(NOON - HOUR);
  });

  it('leave out what both say, and put what both started from in between', () => {
    const rows = model.differences({
      mine: { amount_minor: 100, currency: 'CNY' },
      theirs: { amount_minor: 200, currency: 'CNY' },
      base: { amount_minor: 50 },
      fields: ['amount_minor'],
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.base).toEqual({ as: 'money', value: 50 });
  });

  it('do not call a wish by the operation that carried it', () => {
    const rows = model.differences({
      mine: { type: 'customer.request_set', at: 1, request: 'other', text: '放前台' },
      theirs: { status: 'delivered', type: 'task.delivered', at: 2 },
      base: {},
      fields: ['request', 'status'],
    });
    expect(rows.map((row) => row.field)).toEqual(['status', 'request', 'text']);
  });

  it('show nested records by their fields and hide ids and digests', () => {
    const rows = model.differences({
      mine: { outcome: { op_id: 'x', type: 'task.delivered', recipient: 'self' }, signature: 'abc' },
      theirs: { outcome: null },
      base: {},
      fields: [],
    });
    expect(rows.map((row) => row.field).sort()).toEqual(['outcome.recipient', 'outcome.type']);
  });

  it('tell what a one-sided case knows without the text as it came', () => {
    expect(model.factLines({ mine: { code: 'invalid_payload', raw: '9 bytes', detail: null, operations: 3 } })).toEqual(
      [
        { name: 'code', text: 'invalid_payload' },
        { name: 'operations', text: '3' },
      ],
    );
    const told = { mine: { code: 'invalid_payload', detail: 'The window ends before it starts.' } };
    expect(model.factLines(told).map((line) => line.name)).toEqual(['code', 'detail']);
    expect(model.factLines(told, true).map((line) => line.name)).toEqual(['code']);
  });

  it('say who speaks: a customer, a handheld, a plan, an amount', () => {
    expect(model.sidesOf({ kind: 'cancelled', mine: {} })).toEqual({ mine: 'handheld', theirs: 'plan' });
    expect(model.sidesOf({ kind: 'disputed', mine: {} })).toEqual({ mine: 'customer', theirs: 'record' });
    const wished = { kind: 'request_late', mine: { type: 'customer.request_set' } };
    expect(model.sidesOf(wished)).toEqual({ mine: 'customer', theirs: 'record' });
    const unheard = { kind: 'request_late', mine: { type: 'task.delivered' } };
    expect(model.sidesOf(unheard)).toEqual({ mine: 'handheld', theirs: 'wish' });
    expect(model.sidesOf({ kind: 'of tomorrow', mine: {} })).toEqual({ mine: 'handheld', theirs: 'plan' });
  });
});

describe('deciding', () => {
  it('offers the suggested outcome first', () => {
    expect(model.outcomesInOrder({ outcomes: ['mine', 'theirs', 'noted'], suggested: 'theirs' })).toEqual([
      'theirs',
      'mine',
      'noted',
    ]);
    expect(model.outcomesInOrder({ outcomes: ['noted'], suggested: 'mine' })).toEqual(['noted']);
  });

  it('offers reasons that fit who speaks', () => {
    const reasons = (kind: string, outcome: Outcome) => model.quickReasons({ kind, mine: {} }, outcome);
    for (const kind of Object.keys(rules.kinds)) {
      for (const outcome of ['mine', 'theirs', 'noted'] as const) {
        const offered = reasons(kind, outcome);
        expect(new Set(offered).size).toBe(3);
        for (const name of offered) expect(desk).toHaveProperty([`quick.${name}`]);
        expect(offered.includes('plan_came_late')).toBe(
          outcome === 'mine' && ['cancelled', 'reassigned'].includes(kind),
        );
      }
    }
    expect(reasons('disputed', 'mine')).toContain('evidence_missing');
    expect(reasons('disputed', 'theirs')).toEqual(['evidence_clear', 'called_customer', 'customer_found_it']);
    expect(reasons('contradiction', 'theirs')).toContain('evidence_missing');
    expect(reasons('device_lost', 'noted')).toContain('asked_courier');
  });

  it('goes on to the neighbour', () => {
    const cases = ['a', 'b', 'c'].map((id) => ({ id }));
    expect(model.nextCase(cases, 'a')).toBe('b');
    expect(model.nextCase(cases, 'c')).toBe('b');
    expect(model.nextCase([{ id: 'a' }], 'a')).toBe('');
    expect(model.nextCase(cases, 'gone')).toBe('a');
  });

  it('counts down what is left to undo', () => {
    expect(model.countdown(NOON + 545_000, NOON)).toBe('9:05');
    expect(model.countdown(NOON + 600, NOON)).toBe('0:01');
    expect([model.countdown(NOON, NOON), model.countdown(null, NOON)]).toEqual([null, null]);
  });

  it('knows what is overdue', () => {
    expect(model.urgencyOf({ due_at: NOON }, NOON)).toBe('overdue');
    expect(model.urgencyOf({ due_at: NOON + HOUR / 4 }, NOON)).toBe('soon');
    expect(model.urgencyOf({ due_at: NOON + HOUR }, NOON)).toBe('calm');
  });
});

describe('three clocks', () => {
  const clocks = (skew_ms: number | null, received_at: number | null = NOON) => ({
    at: NOON - HOUR - (skew_ms ?? 0),
    corrected_at: skew_ms === null ? null : NOON - HOUR,
    received_at,
    skew_ms,
  });

  it('name the skew: minus is fast', () => {
    const named = [null, 900, -29_999, -3 * HOUR, 3 * HOUR].map((skew) => model.skewOf(clocks(skew)));
    expect(named).toEqual(['unknown', 'right', 'right', 'fast', 'slow']);
    expect([300_000, -300_001, null].map(model.isSkewed)).toEqual([false, true, false]);
  });

  it('tell how long it waited for a signal by the corrected time, not by the handheld’s', () => {
    expect(model.waitOf(clocks(-3 * HOUR))).toBe(HOUR);
    expect(model.waitOf(clocks(0, NOON - HOUR + 59_000))).toBeNull();
    expect(model.waitOf(clocks(0, null))).toBeNull();
  });
});

describe('the place', () => {
  const place = (distance: number | null, accuracy = 10, east = 0, north = distance ?? 0): Place => ({
    accuracy_m: accuracy,
    distance_m: distance,
    east_m: distance === null ? null : east,
    north_m: distance === null ? null : north,
  });

  it('is at the door within what a stairwell allows, and a poor position does not prove a far one', () => {
    const told = [null, place(null), place(12), place(31), place(90, 120), place(400, 900)].map(model.nearnessOf);
    expect(told).toEqual(['none', 'no_door', 'at_door', 'near', 'at_door', 'far']);
  });

  it('is told by direction', () => {
    const round: [number, number][] = [
      [0, 1],
      [1, 1],
      [1, 0],
      [1, -1],
      [0, -1],
      [-1, -1],
      [-1, 0],
      [-1, 1],
    ];
    expect(round.map(([east, north]) => model.directionOf(east, north))).toEqual([
      'n',
      'ne',
      'e',
      'se',
      's',
      'sw',
      'w',
      'nw',
    ]);
    expect(model.directionOf(0, 0)).toBe('n');
  });

  it('is drawn within the smallest round ring that holds it', () => {
    expect([[], [place(50)], [place(51)], [place(4), place(961)]].map(model.ringFor)).toEqual([50, 50, 100, 1_000]);
    expect(model.ringFor([place(19_000_000)])).toBe(20_000_000);
  });

  it('is measured as people do', () => {
    expect([999, 1_000, 12_345, 123_456].map(model.lengthOf)).toEqual([
      { unit: 'm', n: 999 },
      { unit: 'km', n: 1 },
      { unit: 'km', n: 12.3 },
      { unit: 'km', n: 123 },
    ]);
  });
});
