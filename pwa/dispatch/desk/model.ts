/** Look-ups over what the desk holds. Pure. */
import { isOver, type Batch } from '../bulk/model';
import type { ConflictCase, CourierRow, SessionUser } from '../types';

/** Tasks with an operation on its way: shown as saved, not yet as done. */
export function onTheWay(batches: readonly Batch[]): ReadonlySet<string> {
  const open = batches.filter((batch) => !isOver(batch));
  return new Set(
    open.flatMap((batch) => batch.lines.filter((line) => !(line.op_id in batch.results)).map((line) => line.task)),
  );
}

/** Names by id, from wherever the desk has heard one. */
export function namesOf(
  couriers: readonly CourierRow[],
  cases: readonly ConflictCase[],
  user: SessionUser | null,
): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const courier of couriers) names.set(courier.id, courier.name);
  for (const item of cases) {
    if (item.mine_author !== null && item.mine_author_name) names.set(item.mine_author, item.mine_author_name);
    if (item.theirs_author !== null && item.theirs_author_name) names.set(item.theirs_author, item.theirs_author_name);
  }
  if (user !== null) names.set(user.id, user.name);
  return names;
}
