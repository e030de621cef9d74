/** Look-ups over what the desk holds. Pure. */
import { isOver, type Batch } from '../bulk/model';
import type { CourierRow, SessionUser } from '../types';

/** Tasks with an operation on its way: shown as saved, not yet as done. */
export function onTheWay(batches: readonly Batch[]): ReadonlySet<string> {
  const open = batches.filter((batch) => !isOver(batch));
  return new Set(
    open.flatMap((batch) => batch.lines.filter((line) => !(line.op_id in batch.results)).map((line) => line.task)),
  );
}

/** Names by id: the couriers' and one's own. */
export function namesOf(couriers: readonly CourierRow[], user: SessionUser | null): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const courier of couriers) names.set(courier.id, courier.name);
  if (user !== null) names.set(user.id, user.name);
  return names;
}
