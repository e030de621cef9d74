import { describe, expect, it } from 'vitest';
import {
  acts,
  attemptCheck,
  missing,
  reasons,
  report,
  usualAct,
  type ProblemForm,
} from '../../../pwa/courier/problem/model';
import type { Reason } from '../../../pwa/courier/reasons';
import type { TaskView } from '../../../pwa/engine';
import { aDay } from '../preview/fixtures';
import { cancelled, withOutcome } from './cases';

const day = aDay() as [TaskView, TaskView, TaskView, TaskView, TaskView];
const [withCod, plain, , , pickup] = day;
const reason = (view: TaskView, code: string): Reason => reasons(view).find((one) => one.code === code) as Reason;
const form = (view: TaskView, code: string, more: Partial<ProblemForm> = {}): ProblemForm => ({
  reason: reason(view, code),
  act: 'attempt_failed',
  note: '',
  photos: 0,
  called: false,
  ...more,
});

describe('the reasons', () => {
  it('come in the order of use, "other" last', () => {
    const codes = reasons(plain).map((one) => one.code);
    expect(codes.slice(0, 3)).toEqual(['NOT_HOME', 'NO_ANSWER', 'RESCHEDULED']);
    expect(codes.at(-1)).toBe('OTHER');
  });
  it('fit the kind of work and the money', () => {
    expect(reasons(pickup).some((one) => one.code === 'REFUSED')).toBe(false);
    expect(reasons(pickup).some((one) => one.code === 'NOT_READY')).toBe(true);
    expect(reasons(plain).some((one) => one.code === 'COD_NOT_READY')).toBe(false);
    expect(reasons(withCod).some((one) => one.code === 'COD_NOT_READY')).toBe(true);
  });
  it('begin with the recall for a task taken back', () => {
    expect(reasons(cancelled(plain))[0]?.code).toBe('RECALLED');
  });
});

describe('what becomes of the parcel', () => {
  it('usually a failed attempt; kept for self-pickup; brought back when recalled', () => {
    expect(usualAct(plain, reason(plain, 'NOT_HOME'))).toBe('attempt_failed');
    expect(usualAct(plain, reason(plain, 'REFUSED'))).toBe('attempt_failed');
    expect(usualAct(plain, reason(plain, 'SELF_PICKUP'))).toBe('held');
    expect(usualAct(plain, reason(plain, 'RECALLED'))).toBe('returned');
    expect(usualAct(cancelled(plain), reason(plain, 'NOT_HOME'))).toBe('returned');
  });
  it('a pickup can only fail, a held parcel only go back', () => {
    expect(acts(pickup)).toEqual(['attempt_failed']);
    expect(acts(withOutcome(plain, 'held'))).toEqual(['returned', 'problem_reported']);
    expect(usualAct(plain, reason(plain, 'DAMAGED'))).toBe('problem_reported');
    expect(usualAct(plain, reason(plain, 'REFUSED_DAMAGED'))).toBe('attempt_failed');
    expect(usualAct(pickup, reason(pickup, 'SENDER_CANCEL'))).toBe('attempt_failed');
  });
});

describe('evidence', () => {
  it('is asked for by the reason, one after the other', () => {
    expect(missing(plain, { ...form(plain, 'NOT_HOME'), reason: null })).toBe('reason');
    expect(missing(plain, form(plain, 'NOT_HOME'))).toBeNull();
    expect(missing(plain, form(plain, 'REFUSED_DAMAGED'))).toBe('photos');
    expect(missing(plain, form(plain, 'REFUSED_DAMAGED', { photos: 1 }))).toBeNull();
    expect(missing(plain, form(plain, 'NO_ANSWER'))).toBe('calls');
    expect(missing(plain, form(plain, 'NO_ANSWER', { called: true }))).toBeNull();
    expect(missing(plain, form(plain, 'OTHER', { photos: 1 }))).toBe('note');
    expect(missing(plain, form(plain, 'OTHER', { photos: 1, note: ' ' }))).toBe('note');
  });
});

describe('the attempt check', () => {
  const me = 'me';
  const call = { op_id: 'c', author: me, at: 1, channel: 'call' as const, result: 'unknown' as const };
  const there = { ...plain, task: { ...plain.task, status: 'arrived' as const, arrived_at: 1_000, calls: [call] } };

  it('says what a complaint would ask for, with what there is, and refuses nothing', () => {
    const check = attemptCheck(there, form(there, 'NOT_HOME'), me, 61_000);
    expect(check).toEqual([
      { name: 'calls', need: 1, have: 1, done: true },
      { name: 'dwell_s', need: 120, have: 60, done: false },
    ]);
    expect(missing(there, form(there, 'NOT_HOME'))).toBeNull();
    expect(attemptCheck(there, form(there, 'NOT_HOME'), me, 121_000).every((one) => one.done)).toBe(true);
  });
  it('a recorded call is proof enough to save; the check still says that two are asked for', () => {
    expect(missing(there, form(there, 'NO_ANSWER'))).toBeNull();
    expect(attemptCheck(there, form(there, 'NO_ANSWER'), me, 61_000)).toEqual([
      { name: 'calls', need: 2, have: 1, done: false },
    ]);
  });
  it('is empty for a reason that demands nothing', () => {
    expect(attemptCheck(plain, form(plain, 'WEATHER'), me, 0)).toEqual([]);
    expect(attemptCheck(plain, { ...form(plain, 'WEATHER'), reason: null }, me, 0)).toEqual([]);
  });
});

describe('the report', () => {
  it('carries reason, note and photos', () => {
    const bytes = new Uint8Array([1]);
    const { drafts, blobs } = report(plain, form(plain, 'NO_ANSWER', { note: '敲门无人', called: true }), [bytes]);
    expect(blobs).toEqual([{ bytes, type: 'image/jpeg', kind: 'photo' }]);
    expect(drafts).toEqual([
      {
        type: 'task.attempt_failed',
        entity: `task:${plain.task.id}`,
        base: { requests: [] },
        payload: { reason: 'NO_ANSWER', note: '敲门无人', photos: ['blob:0'] },
      },
    ]);
  });
  it('is the operation of the chosen act, without a note null', () => {
    const { drafts } = report(plain, form(plain, 'SELF_PICKUP', { act: 'held' }), []);
    expect(drafts[0]).toMatchObject({ type: 'task.held', payload: { note: null, photos: [] } });
  });
});
