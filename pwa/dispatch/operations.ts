/** Operations the desk writes. Pure: ids are made from a time and random bytes the caller hands in.
 *
 * An operation is made once, at the press of the button, and keeps its id through every retry: a lost answer and a
 * second try are one effect on the server.
 */
import type { ConflictCase, OperationResult, Outcome, TaskRow } from './types';

export type Field = string | number | boolean | null;

export interface Operation {
  op_id: string;
  type: string;
  v: 1;
  entity: string;
  base_rev: number | null;
  base: Record<string, Field>;
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

type Subject = Pick<TaskRow, 'id' | 'rev' | 'courier' | 'window_start' | 'window_end'>;

function onTask(stamp: Stamp, row: Subject, type: string, base: Operation['base'], payload: object): Operation {
  return {
    op_id: uuid7(stamp),
    type,
    v: 1,
    entity: `task:${row.id}`,
    base_rev: row.rev,
    base,
    payload: { ...payload },
    at: stamp.now,
  };
}

export function assign(stamp: Stamp, row: Subject, courier: string): Operation {
  return onTask(stamp, row, 'task.assigned', { courier: row.courier?.id ?? null }, { courier, sequence: null });
}

export function reassign(stamp: Stamp, row: Subject, courier: string, reason: string): Operation {
  const base = { courier: row.courier?.id ?? null };
  return onTask(stamp, row, 'task.reassigned', base, { courier, sequence: null, reason });
}

export function cancel(stamp: Stamp, row: Subject, reason: string): Operation {
  return onTask(stamp, row, 'task.cancelled', {}, { reason });
}

/** Another try by the same courier in the same window: what failed goes back on the list. */
export function reattempt(stamp: Stamp, row: Subject): Operation {
  const seen = {
    courier: row.courier?.id ?? null,
    window_start: row.window_start,
    window_end: row.window_end,
  };
  return onTask(stamp, row, 'task.reattempt_planned', seen, seen);
}

/** "This did not happen": the server folds the record again without the named operation. */
export function correct(stamp: Stamp, entity: string, corrects: string, note: string): Operation {
  return {
    op_id: uuid7(stamp),
    type: 'operation.corrected',
    v: 1,
    entity,
    base_rev: null,
    base: {},
    payload: { corrects, error: 'did_not_occur', note },
    at: stamp.now,
  };
}

export function decide(stamp: Stamp, item: Pick<ConflictCase, 'id'>, outcome: Outcome, reason: string): Operation {
  return {
    op_id: uuid7(stamp),
    type: 'conflict.decided',
    v: 1,
    entity: `conflict:${item.id}`,
    base_rev: null,
    base: {},
    payload: { outcome, reason },
    at: stamp.now,
  };
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
