import { describe, expect, it } from 'vitest';
import * as runs from '../../../../pwa/dispatch/conflicts/run';
import type { Case } from '../../../../pwa/dispatch/conflicts/types';
import type { OperationResult } from '../../../../pwa/dispatch/types';

const NOON = 1_777_867_200_000;
let next = 0;
const stamp = { now: NOON, random: (size: number) => new Uint8Array(size).map(() => (next = (next + 1) % 256)) };

const marks = (n: number) =>
  Array.from({ length: n }, (_, at) => ({ id: `c${at}`, label: `SF${at}`, owner: at % 2 === 0 ? 'dora' : null }));

function result(status: OperationResult['status'], code: string | null = null): OperationResult {
  return { status, code, op_id: null, detail: null, conflict: null, seq: null, applied_at: null } as OperationResult;
}

describe('deciding many', () => {
  it('makes one decision for each case, all with the same reason, ids of their own', () => {
    const run = runs.decideAll(stamp, marks(3), 'mine', '  有签名 ');
    expect(run.lines.map((line) => line.operation.entity)).toEqual(['conflict:c0', 'conflict:c1', 'conflict:c2']);
    expect(new Set(run.lines.map((line) => line.operation.op_id)).size).toBe(3);
    expect(run.lines[0]?.operation).toMatchObject({
      type: 'conflict.decided',
      v: 1,
      payload: { outcome: 'mine', reason: '有签名' },
    });
    expect([run.state, run.until]).toEqual(['sending', NOON + runs.UNDO]);
  });

  it('goes slice by slice, and every answer finds its row', () => {
    let run = runs.decideAll(stamp, marks(runs.SLICE + 2), 'mine', 'x');
    const first = runs.nextSlice(run);
    expect(first).toHaveLength(runs.SLICE);
    run = runs.answered(
      run,
      first,
      first.map((_, at) => result(at === 3 ? 'merged' : 'applied')),
    );
    expect(run.state).toBe('sending');
    const second = runs.nextSlice(run);
    expect(second).toHaveLength(2);
    run = runs.answered(run, second, [result('quarantined', 'forbidden'), result('applied')]);
    expect(run.state).toBe('over');
    expect(runs.tally(run)).toEqual({ waiting: 0, done: runs.SLICE, late: 1, refused: 1, stopped: 0 });
    expect(run.lines.at(-2)?.code).toBe('forbidden');
    expect(runs.needsEyes(run)).toBe(true);
  });

  it('says who was first', () => {
    let run = runs.decideAll(stamp, marks(2), 'mine', 'x');
    run = runs.answered(run, runs.nextSlice(run), [result('merged'), result('applied')]);
    const cases = [0, 1].map((at) => ({ id: `c${at}`, decided_by_name: '陈晨', owner_name: 'Dora' }) as Case);
    expect(runs.named(run, cases).lines.map((line) => line.by)).toEqual(['陈晨', null]);
  });

  it('can be stopped; what was on its way keeps its answer', () => {
    const run = runs.decideAll(stamp, marks(3), 'mine', 'x');
    const sent = runs.nextSlice(run).slice(0, 2);
    const stopped = runs.ended(run, 'stopped');
    expect(stopped.state).toBe('over');
    const told = runs.answered(stopped, sent, [result('applied'), result('applied')]);
    expect(told.lines.map((line) => line.state)).toEqual(['done', 'done', 'stopped']);
    expect(told.state).toBe('over');
  });
});

describe('taking back', () => {
  it('names the decisions that took effect, for ten minutes, once', () => {
    let run = runs.decideAll(stamp, marks(3), 'noted', 'x');
    run = runs.answered(run, runs.nextSlice(run), [result('applied'), result('merged'), result('applied')]);
    const back = runs.undoRun(stamp, run);
    expect(back.lines.map((line) => [line.case, line.operation.type, line.operation.payload])).toEqual([
      ['c0', 'conflict.undone', { decision: run.lines[0]?.operation.op_id }],
      ['c2', 'conflict.undone', { decision: run.lines[2]?.operation.op_id }],
    ]);
    expect(runs.undoable(run, NOON + runs.UNDO)).toEqual([]);
    const decisions = run.lines.map((line) => line.operation.op_id);
    const marked = runs.backed(run, decisions.slice(0, 1), true);
    expect(runs.undoable(marked, NOON).map((line) => line.case)).toEqual(['c2']);
    expect(runs.undoable(runs.backed(marked, decisions, false), NOON)).toHaveLength(2);
    expect(runs.backed(run, ['another'], true)).toBe(run);
    expect(runs.undoable(back, NOON)).toEqual([]);
  });

  it('of one case names the decision it stands on', () => {
    const decision = { op_id: 'd1', author: 'a', outcome: 'mine' as const, reason: 'x', at: 1 };
    expect(runs.undoOne(stamp, { id: 'c', decision }, 'SF')?.lines[0]?.operation.payload).toEqual({ decision: 'd1' });
    expect(runs.undoOne(stamp, { id: 'c', decision: null }, 'SF')).toBeNull();
  });
});

describe('what is told', () => {
  it('is what is under way, what went otherwise, what can be taken back, and for a moment what is done', () => {
    const decided = runs.decideAll(stamp, marks(1), 'mine', 'x');
    expect(runs.isShown(decided, NOON)).toBe(true);
    const done = runs.answered(decided, runs.nextSlice(decided), [result('applied')]);
    expect([NOON, NOON + runs.UNDO].map((now) => runs.isShown(done, now))).toEqual([true, false]);
    const given = runs.assignAll(stamp, marks(2), 'dora');
    const over = { ...runs.answered(given, runs.nextSlice(given), [result('applied')]), ended: NOON };
    expect([NOON + 7_000, NOON + 9_000].map((now) => runs.isShown(over, now))).toEqual([true, false]);
    const late = runs.answered(given, runs.nextSlice(given), [result('merged')]);
    expect(runs.isShown(late, NOON + 99_000)).toBe(true);
  });
});

describe('handing over', () => {
  it('says whose the case was, and leaves out what is his already', () => {
    const run = runs.assignAll(stamp, marks(3), 'dora');
    expect(run.lines.map((line) => line.case)).toEqual(['c1']);
    expect(run.lines[0]?.operation).toMatchObject({
      type: 'conflict.assigned',
      payload: { owner: 'dora' },
      base: { owner: null },
    });
    expect(run.until).toBeNull();
  });
});
