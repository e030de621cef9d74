/**
 * What a report from a door is held against: the state and holder of its task; a sign-off besides against money due, wishes not
 * heard, consent, code and pieces. Each is a case and never a refusal: the parcel is where it is (P19).
 */
import { nextStatus } from './apply';
import {
  consentCase,
  missedRequestCase,
  partialCase,
  pinCase,
  unsettledCase,
  type CaseDraft,
  type ConsentNamed,
} from './conflict';
import type {
  Consent,
  CustomerRecord,
  CustomerRequest,
  Envelope,
  JsonObject,
  ObligationRecord,
  ParcelRecord,
  TaskRecord,
} from './records';
import { belongs, unknownWish } from './requests';
import { OUTCOMES, STATES } from './tables';

/** Who takes a parcel for somebody else only with a consent that is on record. */
export const PROXIES = ['reception', 'neighbour', 'locker', 'station'] as const;

/** The holder himself, or the desk in his name: an operation without a device comes from a web session. */
export function speaksForHolder(record: TaskRecord, op: Envelope): boolean {
  return op.device === null || op.author === record.courier;
}

/** What stands against an outcome, the gravest first; null when the holder reports what the table expects (P19). */
export function dispute(record: TaskRecord, op: Envelope): string | null {
  const holder = speaksForHolder(record, op);
  const isCancelled = record.cancelled !== null;
  if (holder && !isCancelled && nextStatus(record, op.type) !== null) return null;
  if (record.outcome !== null) {
    const status = OUTCOMES[record.outcome.type]?.status ?? '';
    const goesOn = op.type in (STATES[record.kind]?.[status] ?? {});
    if (record.outcome.author !== op.author || !goesOn) return 'contradiction';
  }
  if (isCancelled) return 'cancelled';
  if (!holder && record.handover?.giver === op.author) return 'handover';
  return holder ? 'state' : 'reassigned';
}

/** What a sign-off is held against; `pin` is the code the customer was shown, where there is one. */
export interface Around {
  parcel: ParcelRecord | null;
  customer: CustomerRecord | null;
  obligation: ObligationRecord | null;
  pin: string | null;
}

/** The cases of an outcome that stands. */
export function doorCases(task: TaskRecord, op: Envelope, around: Around): CaseDraft[] {
  const { parcel, customer, obligation, pin } = around;
  const { payload } = op;
  const cases: CaseDraft[] = [];
  const signed = op.type === 'task.delivered';
  if (signed && obligation?.status === 'due') cases.push(unsettledCase(obligation, op));
  const wish = customer === null ? null : unknownWish(customer, task, op.base);
  if (wish !== null) cases.push(missedRequestCase(wish, customer?.touched[wish.id] ?? null, op));
  if (!signed) return cases;
  if (!consented(customer, task, payload)) {
    cases.push(consentCase(standingWord(customer, task, payload['recipient'] as string), op));
  }
  const typed = payload['pin'] ?? null;
  if (task.pin_required === true && pin !== null && typed !== pin) {
    cases.push(pinCase(typed === null || typed === '' ? 'missing' : 'wrong', op));
  }
  if (parcel !== null && leftOver(parcel, payload)) cases.push(partialCase(parcel, op));
  return cases;
}

/** What of a customer a handheld has as well. */
type Known = Pick<CustomerRecord, 'consents' | 'requests'>;

/**
 * Whether the sign-off names a consent that is on record, where somebody else than the recipient or his family took the parcel. A
 * newer word than the one it names counts as well; one that was taken back does not.
 */
export function consented(customer: Known | null, task: TaskRecord, payload: JsonObject): boolean {
  const named = payload['consent'] as unknown as ConsentNamed | null;
  const recipient = payload['recipient'] as string;
  if (!(PROXIES as readonly string[]).includes(recipient)) return true;
  if (named === null || named.ref === null || customer === null) return false;
  if (named.source === 'request') {
    return customer.requests.some((one) => one.id === named.ref && askedFor(one, task, recipient));
  }
  if (named.source !== 'crm' && named.source !== 'asked') return false;
  return standingWord(customer, task, recipient)?.given ?? false;
}

/** The customer's word on leaving this parcel with somebody: the one for it alone before the one for all. */
export function standingWord(
  customer: Pick<Known, 'consents'> | null,
  task: Pick<TaskRecord, 'id'>,
  kind: string,
): Consent | null {
  const words = (customer?.consents ?? []).filter((one) => one.kind === kind);
  const own = words.find((one) => one.task === task.id);
  return own ?? words.find((one) => one.task === undefined) ?? null;
}

/** Whether a request of the customer's says that this parcel may be left there. */
export function askedFor(request: CustomerRequest, task: TaskRecord, recipient: string): boolean {
  if (recipient !== 'reception' || request.kind !== 'leave_at_reception') return false;
  return request.active && request.state === 'accepted' && belongs(request, task);
}

/** Whether some pieces of a shipment were not handed over. */
function leftOver(parcel: ParcelRecord, payload: JsonObject): boolean {
  return 'rest' in payload || ((payload['pieces'] ?? parcel.pieces) as number) < parcel.pieces;
}
