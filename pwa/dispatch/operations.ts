/** Operations the desk writes. Pure: ids are made from a time and random bytes the caller hands in.
 *
 * An operation is made once, at the press of the button, and keeps its id through every retry: a lost answer and a
 * second try are one effect on the server.
 */
import type { OperationResult } from './types';

export interface Operation {
  op_id: string;
  type: string;
  v: number;
  entity: string;
  base_rev: number | null;
  base: Record<string, unknown>;
  payload: Record<string, unknown>;
  /** ms since epoch, clock of this desk. */
  at: number;
}

/** Time and randomness for one batch. `random` must give fresh bytes at every call. */
export interface Stamp {
  now: number;
  random(size: number): Uint8Array;
}

/** UUIDv7 (RFC 9562): 48 bits of ms, version, variant, the rest random. */
export function uuid7(stamp: Stamp): string {
  const bytes = new Uint8Array(16);
  bytes.set(stamp.random(10), 6);
  let ms = stamp.now;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = ms % 256;
    ms = Math.floor(ms / 256);
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A task as its writer saw it. */
export interface Subject {
  id: string;
  /** Revision seen, null when only the task's name is known. */
  rev: number | null;
  courier: string | null;
}

/** The window as its writer saw it, ms; null = open end. */
export interface Window {
  window_start: number | null;
  window_end: number | null;
}

/** What its writer saw, where that matters to the merge. */
type Seen = Partial<Pick<Operation, 'v' | 'base_rev' | 'base'>>;

export function made(stamp: Stamp, entity: string, type: string, payload: object, seen: Seen = {}): Operation {
  return {
    op_id: uuid7(stamp),
    type,
    v: 1,
    entity,
    base_rev: null,
    base: {},
    ...seen,
    payload: { ...payload },
    at: stamp.now,
  };
}

function onTask(stamp: Stamp, task: Subject, type: string, base: Operation['base'], payload: object): Operation {
  return made(stamp, `task:${task.id}`, type, payload, { base_rev: task.rev, base });
}

export function assign(stamp: Stamp, task: Subject, courier: string): Operation {
  return onTask(stamp, task, 'task.assigned', { courier: task.courier }, { courier, sequence: null });
}

export function reassign(stamp: Stamp, task: Subject, courier: string, reason: string): Operation {
  const base = { courier: task.courier };
  return onTask(stamp, task, 'task.reassigned', base, { courier, sequence: null, reason });
}

export function cancel(stamp: Stamp, task: Subject, reason: string): Operation {
  return onTask(stamp, task, 'task.cancelled', {}, { reason });
}

/** Another try by the same courier in the same window: what failed goes back on the list. */
export function reattempt(stamp: Stamp, task: Subject, seen: Window): Operation {
  const kept = { courier: task.courier, window_start: seen.window_start, window_end: seen.window_end };
  return onTask(stamp, task, 'task.reattempt_planned', kept, kept);
}

export function changeWindow(stamp: Stamp, task: Subject, seen: Window, wanted: Window): Operation {
  const base = { window_start: seen.window_start, window_end: seen.window_end };
  return onTask(stamp, task, 'task.window_changed', base, wanted);
}

export function note(stamp: Stamp, task: Subject, text: string): Operation {
  return onTask(stamp, task, 'task.noted', {}, { text });
}

/** "This did not happen": the server folds the record again without the named operation. */
export function correct(stamp: Stamp, entity: string, corrects: string, note: string): Operation {
  return made(stamp, entity, 'operation.corrected', { corrects, error: 'did_not_occur', note });
}

/** Results by op_id, whatever order the server answered in; a result without an id belongs to its position. */
export function byOperation(operations: Operation[], results: OperationResult[]): Map<string, OperationResult> {
  const found = new Map<string, OperationResult>();
  results.forEach((result, index) => {
    const id = result.op_id ?? operations[index]?.op_id;
    if (id !== undefined) found.set(id, result);
  });
  return found;
}
