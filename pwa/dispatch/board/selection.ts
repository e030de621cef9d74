/** Which tasks are chosen for a deed: of each as much as the deed needs, also of those no page holds. Pure. */
import type { TaskId, TaskRow } from '../types';

/** A chosen task. `waybill` is null while only the list of all that match has named it. */
export interface Picked extends TaskId {
  waybill: string | null;
}

export type Selection = ReadonlyMap<string, Picked>;

export const NOTHING_CHOSEN: Selection = new Map();

export function pick(row: Pick<TaskRow, 'id' | 'rev' | 'status' | 'courier' | 'waybill'>): Picked {
  return { id: row.id, rev: row.rev, status: row.status, courier: row.courier?.id ?? null, waybill: row.waybill };
}

export function toggled(chosen: Selection, row: TaskRow): Selection {
  const next = new Map(chosen);
  if (!next.delete(row.id)) next.set(row.id, pick(row));
  return next;
}

/** Shift-click: everything between the last click and this one takes the state of the last one. */
export function ranged(chosen: Selection, rows: readonly TaskRow[], on: boolean): Selection {
  const next = new Map(chosen);
  for (const row of rows) {
    if (on) next.set(row.id, pick(row));
    else next.delete(row.id);
  }
  return next;
}

export function without(chosen: Selection, ids: Iterable<string>): Selection {
  const next = new Map(chosen);
  for (const id of ids) next.delete(id);
  return next;
}

export function all(tasks: readonly TaskId[]): Selection {
  return new Map(tasks.map((task) => [task.id, { ...task, waybill: null }]));
}

/** The newest that is known of a chosen task: a colleague may have moved it since it was chosen. */
export function newest(picked: Picked, row: TaskRow | null): Picked {
  return row !== null && row.rev >= picked.rev ? pick(row) : picked;
}
