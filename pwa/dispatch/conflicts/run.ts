/** One press of a button over one case or a thousand: its operations, and what became of each. Pure. */
import { made, uuid7, type Operation, type Stamp } from '../operations';
import type { OperationResult, Outcome } from '../types';
import type { Case, Mark } from './types';

export type Deed = 'decide' | 'undo' | 'assign';
/** `late`: somebody else was first; the case is as he left it. */
export type LineState = 'waiting' | 'done' | 'late' | 'refused' | 'stopped';

export interface Line {
  case: string;
  /** Waybill, or the kind where there is none. */
  label: string;
  operation: Operation;
  state: LineState;
  /** Who was first, once known. */
  by: string | null;
  /** Why it was refused. */
  code: string | null;
  /** It was taken back, or is being. */
  back: boolean;
}

export interface Run {
  id: string;
  deed: Deed;
  lines: Line[];
  state: 'sending' | 'waiting' | 'over';
  /** Until when the decisions can be undone, ms; null for other deeds. */
  until: number | null;
  /** When the last answer came, ms; null until then. */
  ended: number | null;
}

/** Decisions can be undone for so long after they arrived, ms. */
export const UNDO = 10 * 60_000;
/** Operations in one request: small enough that the bar moves, large enough that thousands go in a minute. */
export const SLICE = 50;

function written(stamp: Stamp, type: string, id: string, payload: object, base: Operation['base'] = {}): Operation {
  return made(stamp, `conflict:${id}`, type, payload, { base });
}

function runOf(deed: Deed, lines: Line[], stamp: Stamp): Run {
  const until = deed === 'decide' ? stamp.now + UNDO : null;
  return { id: uuid7(stamp), deed, lines, state: 'sending', until, ended: null };
}

function line(id: string, label: string, operation: Operation): Line {
  return { case: id, label, operation, state: 'waiting', by: null, code: null, back: false };
}

type Labelled = Pick<Mark, 'id'> & { label: string };

export function decideAll(stamp: Stamp, marks: readonly Labelled[], outcome: Outcome, reason: string): Run {
  const payload = { outcome, reason: reason.trim() };
  const lines = marks.map((one) => line(one.id, one.label, written(stamp, 'conflict.decided', one.id, payload)));
  return runOf('decide', lines, stamp);
}

export function assignAll(stamp: Stamp, marks: readonly (Labelled & Pick<Mark, 'owner'>)[], owner: string | null): Run {
  const lines = marks
    .filter((one) => one.owner !== owner)
    .map((one) => {
      const operation = written(stamp, 'conflict.assigned', one.id, { owner }, { owner: one.owner });
      return line(one.id, one.label, operation);
    });
  return runOf('assign', lines, stamp);
}

export function undoOne(stamp: Stamp, item: Pick<Case, 'id' | 'decision'>, label: string): Run | null {
  if (item.decision === null) return null;
  const operation = written(stamp, 'conflict.undone', item.id, { decision: item.decision.op_id });
  return runOf('undo', [line(item.id, label, operation)], stamp);
}

/** Lines of a run that can be taken back at `now` (ms). */
export function undoable(run: Run, now: number): Line[] {
  const open = run.deed === 'decide' && run.state === 'over' && run.until !== null && now < run.until;
  return open ? run.lines.filter((one) => one.state === 'done' && !one.back) : [];
}

export function undoRun(stamp: Stamp, run: Run): Run {
  const lines = undoable(run, stamp.now).map((one) => {
    const operation = written(stamp, 'conflict.undone', one.case, { decision: one.operation.op_id });
    return line(one.case, one.label, operation);
  });
  return runOf('undo', lines, stamp);
}

function stateOf(status: OperationResult['status']): LineState {
  if (status === 'applied') return 'done';
  return status === 'merged' ? 'late' : 'refused';
}

/** The run with those of its decisions marked that are taken back, or stand after all. */
export function backed(run: Run, decisions: readonly string[], back: boolean): Run {
  const named = new Set(decisions);
  if (!run.lines.some((one) => named.has(one.operation.op_id))) return run;
  return { ...run, lines: run.lines.map((one) => (named.has(one.operation.op_id) ? { ...one, back } : one)) };
}

/** The run after an answer to some of its operations. */
export function answered(run: Run, sent: readonly Operation[], results: readonly OperationResult[]): Run {
  const found = new Map(sent.map((operation, at) => [operation.op_id, results[at]]));
  const lines = run.lines.map((one): Line => {
    const result = found.get(one.operation.op_id);
    return result === undefined ? one : { ...one, state: stateOf(result.status), code: result.code };
  });
  return { ...run, lines, state: lines.some((one) => one.state === 'waiting') ? 'sending' : 'over' };
}

/** What is not sent yet will not be. */
export function ended(run: Run, state: 'stopped' | 'refused', code: string | null = null): Run {
  const lines = run.lines.map((one): Line => (one.state === 'waiting' ? { ...one, state, code } : one));
  return { ...run, lines, state: 'over' };
}

/** Who was first where we came late: the decider, or the owner. */
export function named(run: Run, cases: readonly Case[]): Run {
  const known = new Map(cases.map((item) => [item.id, item]));
  const lines = run.lines.map((one): Line => {
    const item = one.state === 'late' ? known.get(one.case) : undefined;
    if (item === undefined) return one;
    return { ...one, by: run.deed === 'assign' ? item.owner_name : item.decided_by_name };
  });
  return { ...run, lines };
}

export function nextSlice(run: Run): Operation[] {
  return run.lines
    .filter((one) => one.state === 'waiting')
    .slice(0, SLICE)
    .map((one) => one.operation);
}

export function tally(run: Run): Record<LineState, number> {
  const sums: Record<LineState, number> = { waiting: 0, done: 0, late: 0, refused: 0, stopped: 0 };
  for (const one of run.lines) sums[one.state] += 1;
  return sums;
}

/** What went as asked and cannot be taken back is told for so long, ms. */
const TOLD = 8_000;

/** Whether there is still something to say about it. */
export function isShown(run: Run, now: number): boolean {
  if (run.state !== 'over' || needsEyes(run) || undoable(run, now).length > 0) return true;
  return run.deed !== 'decide' && run.ended !== null && now - run.ended < TOLD;
}

/** A run that ended otherwise than asked stays open until it is looked at. */
export function needsEyes(run: Run): boolean {
  const sums = tally(run);
  return sums.late + sums.refused + sums.stopped > 0;
}
