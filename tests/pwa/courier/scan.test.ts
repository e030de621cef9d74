import { describe, expect, it } from 'vitest';
import {
  faces,
  keep,
  KEPT,
  leaves,
  manifestAt,
  recordScan,
  screenAfter,
  stay,
  type Shown,
} from '../../../pwa/courier/scan/model';
import type { TaskView, VerdictView } from '../../../pwa/engine';
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

describe('how verdicts look', () => {
  it('no two share both shape and colour', () => {
    const looks = Object.values(faces).map(({ tone, icon }) => `${tone} ${icon}`);
    expect(new Set(looks).size).toBe(6);
    expect(new Set(Object.values(faces).map(({ icon }) => icon)).size).toBe(6);
  });
  it('bad news stays longer', () => expect(stay('other_route')).toBeGreaterThan(stay('mine')));
  it('keeps the last five, newest first', () => {
    const list = [1, 2, 3, 4, 5, 6, 7].reduce<Shown[]>((all, id) => keep(all, { ...seen({}), id, at: id }), []);
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
