/** What operations do to a customer: contact and special requests from an order, from the desk, from the door. */
import type { Consent, CustomerRecord, CustomerRequest, Envelope, Json } from './records';
import { ordered } from './requests';
import { newValues, same, stamp, type Values } from './values';

/** What an order says of its customer. */
interface Given {
  customer: { id: string; name: string; phone: string };
  requests: Pick<CustomerRequest, 'id' | 'kind' | 'text'>[];
}

function unknown(id: string, station: string): Omit<CustomerRecord, 'name' | 'phone'> {
  return {
    id,
    station,
    kind: 'person',
    email: null,
    language: null,
    tier: 'casual',
    contacts: [],
    consents: [],
    tags: [],
    requests: [],
    touched: {},
    profile_touched: {},
  };
}

/**
 * The customer of an order: name and phone as the newest order has them, requests by id. What a person has set since is left
 * alone, a request as well as a name; an order repeats what it was told long ago.
 */
export function orderedCustomer(record: CustomerRecord | null, op: Envelope, station: string): CustomerRecord {
  const { customer, requests } = op.payload as unknown as Given;
  const known = record ?? unknown(customer.id, station);
  const byId = new Map<string, CustomerRequest>(known.requests.map((request) => [request.id, request]));
  for (const request of requests) {
    if (!Object.hasOwn(known.touched, request.id)) byId.set(request.id, ordered(request));
  }
  const contact = { name: customer.name, phone: customer.phone };
  const kept = record === null ? {} : pickTouched(record);
  return { ...known, ...contact, ...kept, requests: [...byId.values()] };
}

/** Name and phone where a person has set them. */
function pickTouched(record: CustomerRecord): Partial<Pick<CustomerRecord, 'name' | 'phone'>> {
  return {
    ...(Object.hasOwn(record.profile_touched, 'name') ? { name: record.name } : {}),
    ...(Object.hasOwn(record.profile_touched, 'phone') ? { phone: record.phone } : {}),
  };
}

/** The request an operation speaks of, as it stands; undefined for a new one. */
export function requestOf(record: CustomerRecord, op: Envelope): CustomerRequest | undefined {
  return record.requests.find((one) => one.id === op.payload['request']);
}

/**
 * The customer after one request takes `values`, the fields that merge; an unknown request is added at the end. Address and task
 * say what the scope means and go with it. The part of a customer that a handheld holds has no `touched`, and gets none.
 */
export function requestSet(record: CustomerRecord, op: Envelope, values: Values): CustomerRecord {
  const { payload } = op;
  const id = payload['request'] as string;
  const known = requestOf(record, op);
  const about = (known === undefined || values['scope'] === payload['scope'] ? payload : known) as Values;
  const companions = {
    id,
    kind: payload['kind'],
    source: payload['source'],
    address: about['address'],
    task: about['task'],
  };
  const request = { ...companions, ...values } as unknown as CustomerRequest;
  const requests =
    known === undefined ? [...record.requests, request] : record.requests.map((one) => (one.id === id ? request : one));
  const after = { ...record, requests };
  return 'touched' in record ? { ...after, touched: { ...record.touched, [id]: stamp(op) } } : after;
}

/** Whether a request with merged `values` is another than the one that stands, whoever it came from. */
export function saysMore(known: CustomerRequest, op: Envelope, values: Values): boolean {
  const stands = known as unknown as Values;
  return (
    differs(known, values) || ['kind', 'address', 'task'].some((name) => !same(stands[name], op.payload[name] as Json))
  );
}

export function differs(known: object, values: Values): boolean {
  return Object.entries(values).some(([name, value]) => !same((known as Values)[name], value));
}

/**
 * The customer after his profile takes `values`; `profile_touched` names the last writer of each field. The part of a customer
 * that a handheld holds has fewer fields, and gets no more.
 */
export function profileSet(record: CustomerRecord, op: Envelope, values: Values): CustomerRecord {
  const stands = record as unknown as Values;
  const changed = Object.entries(values).filter(([name, value]) => name in record && !same(stands[name], value));
  if (!changed.length) return record;
  const after = { ...record, ...Object.fromEntries(changed) } as CustomerRecord;
  if (!('profile_touched' in record)) return after;
  const stamps = Object.fromEntries(changed.map(([name]) => [name, stamp(op)]));
  return { ...after, profile_touched: { ...record.profile_touched, ...stamps } };
}

/** The effect of `customer.request_set`. */
export function requested(record: CustomerRecord | null, op: Envelope): CustomerRecord | null {
  return record === null ? null : requestSet(record, op, newValues(op));
}

/** The effect of `customer.profile_set`. */
export function profiled(record: CustomerRecord | null, op: Envelope): CustomerRecord | null {
  return record === null ? null : profileSet(record, op, newValues(op));
}

/**
 * The effect of `customer.consent_set`: of each kind one consent counts for all parcels, and one for each parcel it names: the
 * newest, where the first one stood. `v` counts them.
 */
export function consented(record: CustomerRecord | null, op: Envelope): CustomerRecord | null {
  if (record === null) return null;
  const { consent: id, kind, given, source, note } = op.payload;
  const task = (op.payload['task'] ?? null) as string | null;
  const answers = (op.payload['answers'] ?? null) as string | null;
  const about = { ...(task === null ? {} : { task }), ...(answers === null ? {} : { answers }) };
  const said = { id, kind, given, source, note, at: op.at, author: op.author, ...about } as unknown as Consent;
  const place = record.consents.findIndex((one) => one.kind === kind && (one.task ?? null) === task);
  if (place < 0) return { ...record, consents: [...record.consents, { ...said, v: 1 }] };
  const word = { ...said, v: (record.consents[place]?.v ?? 1) + 1 };
  return { ...record, consents: record.consents.map((one, at) => (at === place ? word : one)) };
}
