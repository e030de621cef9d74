import { describe, expect, it } from 'vitest';
import {
  answered,
  lackOf,
  linesToRead,
  makeBatch,
  meant,
  needsEyes,
  progress,
  sortOut,
  tally,
  unanswered,
  undoable,
  undoBatch,
  type Batch,
} from '../../../pwa/dispatch/bulk/model';
import { momentAt, nextDay } from '../../../pwa/dispatch/bulk/times';
import type { OperationResult } from '../../../pwa/dispatch/types';
import { pick, type Picked } from '../../../pwa/dispatch/board/selection';
import { BEI, HOUR, LIANG, NOON, stamp, task } from './rows';

function result(
  batch: Batch,
  at: number,
  status: OperationResult['status'],
  conflict: string | null = null,
): OperationResult {
  const op_id = batch.operations[at]?.op_id ?? null;
  return { op_id, status, code: null, detail: null, conflict, seq: null, applied_at: null };
}

function picked(...args: Parameters<typeof task>): Picked {
  return pick(task(...args));
}

const nobody = () => null;
const assigning = { deed: 'assign', courier: BEI.id, reason: '', window: null } as const;
const moving = { deed: 'reassign', courier: BEI.id, reason: 'x', window: null } as const;

describe('who may be acted on', () => {
  const free = picked('1', { courier: null });
  const held = picked('2');
  const done = picked('3', { status: 'delivered' });
  const failed = picked('4', { status: 'attempt_failed' });
  const rows = [free, held, done, failed];

  it.each([
    ['assign', ['1'], ['has_courier', 'finished', 'has_courier']],
    ['reassign', ['2', '4'], ['no_courier', 'finished']],
    ['cancel', ['1', '2', '4'], ['finished']],
    ['reattempt', ['4'], ['no_courier', 'not_failed', 'finished']],
    ['window', ['1', '2', '4'], ['finished']],
    ['note', ['1', '2', '3', '4'], []],
  ] as const)('%s', (deed, fit, why) => {
    const sorted = sortOut(deed, rows);
    expect(sorted.fit.map((row) => row.id)).toEqual(fit);
    expect(sorted.unfit.map((item) => item.why)).toEqual(why);
  });

  it('assign and reassign stand in for each other when only the other fits', () => {
    expect(meant('assign', [held])).toBe('reassign');
    expect(meant('reassign', [free])).toBe('assign');
    expect(meant('assign', [free, held])).toBe('assign');
    expect(meant('assign', [done])).toBe('assign');
  });

  it('an order says what it still lacks', () => {
    const order = { ...assigning, courier: '' };
    expect(lackOf(order, 2)).toBe('courier');
    expect(lackOf(assigning, 0)).toBe('tasks');
    expect(lackOf({ ...moving, reason: '  ' }, 2)).toBe('reason');
    expect(lackOf({ ...order, deed: 'cancel', reason: '客户取消' }, 2)).toBeNull();
    expect(lackOf({ ...order, deed: 'note' }, 1)).toBe('text');
    expect(lackOf({ ...order, deed: 'window' }, 1)).toBe('window');
    const window = { window_start: NOON + HOUR, window_end: NOON };
    expect(lackOf({ ...order, deed: 'window', window }, 1)).toBe('backwards');
    expect(lackOf({ ...order, deed: 'window', window: { ...window, window_end: null } }, 1)).toBeNull();
  });
});

describe('a batch', () => {
  it('carries what the dispatcher saw: revision and courier of each row', () => {
    const order = { ...moving, reason: ' 顺路 ' };
    const batch = makeBatch(order, [picked('1', { rev: 7 })], BEI.name, nobody, stamp());
    expect(batch.operations[0]).toMatchObject({
      type: 'task.reassigned',
      v: 1,
      entity: 'task:1',
      base_rev: 7,
      base: { courier: LIANG.id },
      payload: { courier: BEI.id, sequence: null, reason: '顺路' },
    });
  });

  it('changes a window on the window that was seen, and leaves out a task nobody can look up', () => {
    const window = { window_start: NOON, window_end: NOON + HOUR };
    const order = { deed: 'window', courier: '', reason: '', window } as const;
    const seen = task('1', { window_start: null, window_end: NOON + 5 * HOUR });
    const rowOf = (id: string) => (id === '1' ? seen : null);
    const batch = makeBatch(order, [pick(seen), picked('2')], '', rowOf, stamp());
    expect(batch.operations).toHaveLength(1);
    expect(batch.operations[0]).toMatchObject({
      type: 'task.window_changed',
      base: { window_start: null, window_end: NOON + 5 * HOUR },
      payload: window,
    });
  });

  it('gives every operation an id of its own, made once', () => {
    const tasks = Array.from({ length: 200 }, (_, n) => picked(String(n), { courier: null }));
    const batch = makeBatch(assigning, tasks, BEI.name, nobody, stamp());
    const ids = batch.operations.map((operation) => operation.op_id);
    expect(new Set(ids).size).toBe(200);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('sends nothing for a task that is already in the right hands, unless its try failed', () => {
    const tasks = [picked('1', { courier: BEI }), picked('2', { courier: BEI, status: 'attempt_failed' }), picked('3')];
    const batch = makeBatch(moving, tasks, BEI.name, nobody, stamp());
    expect(batch.lines.map((line) => line.task)).toEqual(['2', '3']);
  });

  it('matches results by id, and by position when the server gave none', () => {
    const batch = assignment();
    const results = [{ ...result(batch, 0, 'quarantined'), op_id: null }, result(batch, 1, 'applied')];
    const done = answered(batch, batch.operations, results);
    expect(done.state).toBe('answered');
    expect(done.results[batch.lines[0]?.op_id ?? '']?.status).toBe('quarantined');
    expect(done.results[batch.lines[1]?.op_id ?? '']?.status).toBe('applied');
    expect(tally(done)).toMatchObject({ applied: 1, quarantined: 1 });
    expect(needsEyes(done)).toBe(true);
    expect(linesToRead(done, 1).map((line) => line.task)).toEqual(['1']);
  });

  it('is over only when its last part was answered; what has an answer is not asked again', () => {
    const batch = assignment();
    const half = answered(batch, batch.operations.slice(0, 1), [result(batch, 0, 'applied')]);
    expect(half.state).toBe('sending');
    expect(progress(half)).toBe(0.5);
    expect(unanswered(half).map((operation) => operation.entity)).toEqual(['task:2']);
  });
});

function assignment(): Batch {
  const tasks = [picked('1', { courier: null }), picked('2', { courier: null })];
  return makeBatch(assigning, tasks, BEI.name, nobody, stamp());
}

describe('the way back', () => {
  it('takes back only what took effect', () => {
    const batch = assignment();
    const results = [result(batch, 0, 'applied'), result(batch, 1, 'conflict', 'case')];
    const done = answered(batch, batch.operations, results);
    expect(undoable(batch)).toEqual([]);
    expect(undoable(done).map((line) => line.task)).toEqual(['1']);
    const back = undoBatch(done, nobody, '撤销', stamp());
    expect(back.operations).toHaveLength(1);
    expect(back.operations[0]).toMatchObject({
      type: 'operation.corrected',
      entity: 'task:1',
      payload: { corrects: batch.operations[0]?.op_id, error: 'did_not_occur' },
    });
  });

  it('gives a reassigned task back to whom it was taken from, on what was done', () => {
    const batch = makeBatch(moving, [picked('1')], BEI.name, nobody, stamp());
    const done = answered(batch, batch.operations, [result(batch, 0, 'applied')]);
    const now = () => task('1', { courier: BEI, rev: 4 });
    expect(undoBatch(done, now, '撤销', stamp()).operations[0]).toMatchObject({
      type: 'task.reassigned',
      base_rev: 4,
      base: { courier: BEI.id },
      payload: { courier: LIANG.id, reason: '撤销' },
    });
  });

  it('is not offered twice, nor for the way back itself, nor for a note', () => {
    const batch = assignment();
    const results = [result(batch, 0, 'applied'), result(batch, 1, 'applied')];
    const done = answered(batch, batch.operations, results);
    expect(undoable({ ...done, undone: 'other' })).toEqual([]);
    expect(undoable({ ...done, deed: 'undo' })).toEqual([]);
    expect(undoable({ ...done, deed: 'note' })).toEqual([]);
  });
});

describe('times of the station', () => {
  it('are moments in its zone, also where clocks change', () => {
    expect(momentAt('2026-11-21', '12:00', 'Asia/Shanghai')).toBe(NOON);
    expect(momentAt('2026-03-29', '12:00', 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 29, 10));
    expect(momentAt('2026-03-28', '12:00', 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 28, 11));
    expect(nextDay('2026-12-31', 1)).toBe('2027-01-01');
  });
});
