import { describe, expect, it } from 'vitest';
import { acts, missing, reasons, report, usualAct, type ProblemForm } from '../../../pwa/courier/problem/model';
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
  called: null,
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
    expect(acts(withOutcome(plain, 'held'))).toEqual(['returned']);
    expect(usualAct(pickup, reason(pickup, 'SENDER_CANCEL'))).toBe('attempt_failed');
  });
});

describe('evidence', () => {
  it('is asked for by the reason, one after the other', () => {
    expect(missing({ ...form(plain, 'NOT_HOME'), reason: null })).toBe('reason');
    expect(missing(form(plain, 'NOT_HOME'))).toBeNull();
    expect(missing(form(plain, 'REFUSED_DAMAGED'))).toBe('photo');
    expect(missing(form(plain, 'REFUSED_DAMAGED', { photos: 1 }))).toBeNull();
    expect(missing(form(plain, 'NO_ANSWER'))).toBe('call');
    expect(missing(form(plain, 'NO_ANSWER', { called: 1 }))).toBeNull();
    expect(missing(form(plain, 'OTHER', { photos: 1 }))).toBe('note');
    expect(missing(form(plain, 'OTHER', { photos: 1, note: ' ' }))).toBe('note');
  });
});

describe('the report', () => {
  it('carries reason, note and photos; the call stands before the note', () => {
    const bytes = new Uint8Array([1]);
    const { drafts, blobs } = report(
      plain,
      form(plain, 'NO_ANSWER', { note: '敲门无人', called: 1 }),
      [bytes],
      '09:42 已打电话。',
    );
    expect(blobs).toEqual([{ bytes, type: 'image/jpeg', kind: 'photo' }]);
    expect(drafts).toEqual([
      {
        type: 'task.attempt_failed',
        entity: `task:${plain.task.id}`,
        base: { requests: [] },
        payload: { reason: 'NO_ANSWER', note: '09:42 已打电话。 敲门无人', photos: ['blob:0'] },
      },
    ]);
  });
  it('is the operation of the chosen act, without a note null', () => {
    const { drafts } = report(plain, form(plain, 'SELF_PICKUP', { act: 'held' }), [], null);
    expect(drafts[0]).toMatchObject({ type: 'task.held', payload: { note: null, photos: [] } });
  });
});
