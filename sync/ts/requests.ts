/** Special requests: to which task one belongs, and whether it counts at the door just now. */
import type { CustomerRecord, CustomerRequest, JsonObject, TaskRecord } from './records';

type About = Pick<TaskRecord, 'id'> & { address: Pick<TaskRecord['address'], 'text'> };

/**
 * Whether a customer's request is about this task of his: one for a parcel is about the task it names, one for an address about
 * every task with that very address text, any other about all of them.
 */
export function belongs(request: CustomerRequest, task: About): boolean {
  if (request.scope === 'parcel') return request.task === task.id;
  if (request.scope === 'address') return request.address === task.address.text;
  return true;
}

/**
 * Whether it is to be kept at this task's door now; `weekday` (Monday 1) and `now` (ms) are the station's. It is switched on,
 * accepted, belongs to the task, and is valid at this moment (both ends included) and, where it names weekdays, on this one.
 */
export function applies(request: CustomerRequest, task: About, weekday: number, now: number): boolean {
  return (
    request.active &&
    request.state === 'accepted' &&
    belongs(request, task) &&
    (request.valid_from === null || request.valid_from <= now) &&
    (request.valid_until === null || now <= request.valid_until) &&
    (!request.weekdays.length || request.weekdays.includes(weekday))
  );
}

/**
 * The first wish of the customer's own for this task that the handheld did not know of when it reported an outcome. `base` is that
 * of the operation: one that does not say which requests its writer knew is not asked.
 */
export function unknownWish(
  customer: Pick<CustomerRecord, 'requests'>,
  task: About,
  base: JsonObject,
): CustomerRequest | null {
  const known = base['requests'] as string[] | undefined;
  if (known === undefined) return null;
  const missed = (one: CustomerRequest): boolean => {
    const counts = one.active && one.state === 'accepted';
    return counts && one.source === 'customer' && !known.includes(one.id) && belongs(one, task);
  };
  return customer.requests.find(missed) ?? null;
}

/** The request of an order: for whatever comes to this customer, and nobody has to accept it. */
export function ordered(given: Pick<CustomerRequest, 'id' | 'kind' | 'text'>): CustomerRequest {
  return {
    ...given,
    active: true,
    scope: 'always',
    address: null,
    task: null,
    weekdays: [],
    source: 'order',
    state: 'accepted',
    valid_from: null,
    valid_until: null,
  };
}
