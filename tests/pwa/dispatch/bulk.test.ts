import { describe, expect, it } from 'vitest';
import {
  answered,
  lackOf,
  meant,
  makeBatch,
  needsEyes,
  sortOut,
  tally,
  undoable,
  undoBatch,
  type Batch,
} from '../../../pwa/dispatch/bulk/model';
import type { OperationResult } from '../../../pwa/dispatch/types';
import { BEI, LIANG, stamp, task } from './rows';

function result(
  batch: Batch,
  at: number,
  status: OperationResult['status'],
  conflict: string | null = null,
): OperationResult {
  return { op_id: batch.operations[at]?.op_id ?? null, status, code: null, detail: null, conflict };
}

describe('who may be acted on', () => {
  const free = task('1', { courier: null });
  const held = task('2');
  const done = task('3', { status: 'delivered' });
  const failed = task('4', { status: 'attempt_failed' });
  const rows = [free, held, done, failed];

  it.each([
    ['assign', ['1'], ['has_courier', 'finished', 'has_courier']],
    ['reassign', ['2', '4'], ['no_courier', 'finished']],
    ['cancel', ['1', '2', '4'], ['finished']],
    ['reattempt', ['4'], ['no_courier', 'not_failed', 'finished']],
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
    expect(lackOf({ deed: 'assign', courier: '', reason: '' }, 2)).toBe('courier');
    expect(lackOf({ deed: 'assign', courier: 'liang', reason: '' }, 0)).toBe('tasks');
    expect(lackOf({ deed: 'reassign', courier: 'liang', reason: '  ' }, 2)).toBe('reason');
    expect(lackOf({ deed: 'cancel', courier: '', reason: '客户取消' }, 2)).toBeNull();
  });
});

describe('a batch', () => {
  it('carries what the dispatcher saw: revision and courier of each row', () => {
    const batch = makeBatch(
      { deed: 'reassign', courier: BEI.id, reason: ' 顺路 ' },
      [task('1', { rev: 7 })],
      BEI.name,
      stamp(),
    );
    expect(batch.operations[0]).toMatchObject({
      type: 'task.reassigned',
      v: 1,
      entity: 'task:1',
      base_rev: 7,
      base: { courier: LIANG.id },
      payload: { courier: BEI.id, sequence: null, reason: '顺路' },
    });
  });

  it('gives every operation an id of its own, made once', () => {
    const rows = Array.from({ length: 200 }, (_, n) => task(String(n), { courier: null }));
    const batch = makeBatch({ deed: 'assign', courier: BEI.id, reason: '' }, rows, BEI.name, stamp());
    const ids = batch.operations.map((operation) => operation.op_id);
    expect(new Set(ids).size).toBe(200);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('sends nothing for a task that is already in the right hands, unless its try failed', () => {
    const rows = [task('1', { courier: BEI }), task('2', { courier: BEI, status: 'attempt_failed' }), task('3')];
    const batch = makeBatch({ deed: 'reassign', courier: BEI.id, reason: 'x' }, rows, BEI.name, stamp());
    expect(batch.lines.map((line) => line.task)).toEqual(['2', '3']);
  });

  it('matches results by id, and by position when the server gave none', () => {
    const rows = [task('1', { courier: null }), task('2', { courier: null })];
    const batch = makeBatch({ deed: 'assign', courier: BEI.id, reason: '' }, rows, BEI.name, stamp());
    const done = answered(batch, [{ ...result(batch, 0, 'quarantined'), op_id: null }, result(batch, 1, 'applied')]);
    expect(done.results[batch.lines[0]?.op_id ?? '']?.status).toBe('quarantined');
    expect(done.results[batch.lines[1]?.op_id ?? '']?.status).toBe('applied');
    expect(tally(done)).toMatchObject({ applied: 1, quarantined: 1 });
    expect(needsEyes(done)).toBe(true);
  });
});

describe('the way back', () => {
  const rows = [task('1', { courier: null }), task('2', { courier: null })];

  it('takes back only what took effect', () => {
    const batch = makeBatch({ deed: 'assign', courier: BEI.id, reason: '' }, rows, BEI.name, stamp());
    const done = answered(batch, [result(batch, 0, 'applied'), result(batch, 1, 'conflict', 'case')]);
    expect(undoable(batch)).toEqual([]);
    expect(undoable(done).map((line) => line.task)).toEqual(['1']);
    const back = undoBatch(done, new Map(), '撤销', stamp());
    expect(back.operations).toHaveLength(1);
    expect(back.operations[0]).toMatchObject({
      type: 'operation.corrected',
      entity: 'task:1',
      payload: { corrects: batch.operations[0]?.op_id, error: 'did_not_occur' },
    });
  });

  it('gives a reassigned task back to whom it was taken from, on what is seen now', () => {
    const batch = makeBatch({ deed: 'reassign', courier: BEI.id, reason: 'x' }, [task('1')], BEI.name, stamp());
    const done = answered(batch, [result(batch, 0, 'applied')]);
    const now = new Map([['1', task('1', { courier: BEI, rev: 4 })]]);
    expect(undoBatch(done, now, '撤销', stamp()).operations[0]).toMatchObject({
      type: 'task.reassigned',
      base_rev: 4,
      base: { courier: BEI.id },
      payload: { courier: LIANG.id, reason: '撤销' },
    });
  });

  it('is not offered twice, nor for the way back itself', () => {
    const batch = makeBatch({ deed: 'assign', courier: BEI.id, reason: '' }, rows, BEI.name, stamp());
    const done = answered(batch, [result(batch, 0, 'applied'), result(batch, 1, 'applied')]);
    expect(undoable({ ...done, undone: 'other' })).toEqual([]);
    expect(undoable({ ...done, deed: 'undo' })).toEqual([]);
  });
});
