import { describe, expect, it } from 'vitest';
import {
  faces,
  keep,
  KEPT,
  lastTaken,
  leaves,
  manifestAt,
  recordScan,
  screenAfter,
  shortened,
  stay,
  tally,
  type Shown,
} from '../../../pwa/courier/scan/model';
import { buzzes, tones } from '../../../pwa/device/sound';
import type { Envelope, ScanVerdict, TaskView, VerdictView } from '../../../pwa/engine';
import { aDay } from '../preview/fixtures';
import { withOutcome } from './cases';

const [first] = aDay() as [TaskView];
const [loading] = aDay('assigned') as [TaskView];
const pickup = aDay('assigned').find((view) => view.task.kind === 'pickup') as TaskView;
const seen = (more: Partial<VerdictView>): VerdictView => ({
  verdict: 'mine',
  waybill: first.parcel.waybill,
  entity: `parcel:${first.parcel.id}`,
  manifest_age_ms: null,
  ...more,
});
const shown = (more: Partial<Shown>): Shown => ({
  ...seen({}),
  id: 1,
  at: 0,
  source: 'camera',
  check: 'none',
  operations: [],
  undone: false,
  ...more,
});
const today = { screen: 'today' } as const;

describe('every scan is recorded', () => {
  it('as it was read, with its verdict and task', () => {
    expect(recordScan(seen({ task: first }), 'sf1428 8055 99012', 'wedge')).toEqual({
      type: 'parcel.scanned',
      entity: `parcel:${first.parcel.id}`,
      payload: {
        code: 'sf1428 8055 99012',
        waybill: first.parcel.waybill,
        source: 'wedge',
        verdict: 'mine',
        task: first.task.id,
      },
    });
    expect(recordScan(seen({ verdict: 'unknown' }), 'x', 'typed').payload['task']).toBeNull();
  });
});

describe('the screen after a scan', () => {
  it('is the door when out with the parcel', () => {
    expect(screenAfter(seen({ task: first }), today)).toEqual({ screen: 'task', task: first.task.id });
    expect(screenAfter(seen({ task: pickup }), today)).toEqual({ screen: 'task', task: pickup.task.id });
    expect(screenAfter(seen({ task: withOutcome(first, 'attempt_failed') }), today)).not.toBeNull();
  });
  it('stays in the loading bay, and stays with another task', () => {
    expect(screenAfter(seen({ task: loading }), today)).toBeNull();
    expect(screenAfter(seen({ task: first }), { screen: 'task', task: 'other' })).toBeNull();
    expect(screenAfter(seen({ task: first }), { screen: 'problem', task: 'other' })).toBeNull();
  });
  it.each(['recalled', 'signed', 'duplicate', 'other_route', 'unknown'] as const)('stays for %s', (verdict) => {
    expect(screenAfter(seen({ verdict, task: first }), today)).toBeNull();
  });
});

describe('a batch', () => {
  const [envelope] = [{ op_id: 'x' } as Envelope];
  it('counts what was not taken back, what needs the courier first', () => {
    const batch = [
      shown({ verdict: 'mine' }),
      shown({ verdict: 'unknown', waybill: 'A', undone: true }),
      shown({ verdict: 'other_route', waybill: 'B' }),
      shown({ verdict: 'mine', waybill: 'C' }),
      shown({ verdict: 'duplicate', waybill: 'C' }),
    ];
    expect(tally(batch)).toEqual({
      total: 3,
      parts: [
        { verdict: 'other_route', count: 1 },
        { verdict: 'duplicate', count: 1 },
        { verdict: 'mine', count: 2 },
      ],
    });
  });
  it('undo takes the newest that is in the log and was not taken back', () => {
    const list = [
      shown({ id: 4 }),
      shown({ id: 3, operations: [envelope], undone: true }),
      shown({ id: 2, operations: [envelope] }),
      shown({ id: 1, operations: [envelope] }),
    ];
    expect(lastTaken(list)?.id).toBe(2);
    expect(lastTaken([shown({})])).toBeNull();
  });
  it('shows the beginning of what is too long', () => {
    expect(shortened('SF1428805599012')).toBe('SF1428805599012');
    expect([...shortened('长'.repeat(4_000), 60)]).toHaveLength(60);
  });
});

describe('how verdicts look', () => {
  it('no two share a shape, a colour, a sound or a buzz', () => {
    const verdicts = Object.keys(faces) as ScanVerdict[];
    const different = (what: (verdict: ScanVerdict) => unknown): number =>
      new Set(verdicts.map((verdict) => JSON.stringify(what(verdict)))).size;
    expect(different((verdict) => faces[verdict].icon)).toBe(6);
    expect(different((verdict) => faces[verdict].tone)).toBe(6);
    expect(different((verdict) => tones[verdict])).toBe(6);
    expect(different((verdict) => buzzes[verdict])).toBe(6);
  });
  it('bad news stays longer', () => expect(stay('other_route')).toBeGreaterThan(stay('mine')));
  it('keeps the last five, newest first', () => {
    const list = [1, 2, 3, 4, 5, 6, 7].reduce<Shown[]>((all, id) => keep(all, shown({ id })), []);
    expect(list.map((one) => one.id)).toEqual([7, 6, 5, 4, 3]);
    expect(list).toHaveLength(KEPT);
  });
  it('leave with the screen they were told on, but a recalled parcel', () => {
    const door = { screen: 'task', task: 'one' } as const;
    expect(leaves('unknown', today, door)).toBe(true);
    expect(leaves('unknown', door, door)).toBe(false);
    expect(leaves('recalled', today, door)).toBe(false);
  });
  it('says when the station list is from, or that there is none', () => {
    expect(manifestAt({ at: 300_000, manifest_age_ms: 270_000 })).toBe(30_000);
    expect(manifestAt({ at: 300_000, manifest_age_ms: null })).toBeNull();
  });
});
