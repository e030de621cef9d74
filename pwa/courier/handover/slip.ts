/**
 * A task as a colleague shows it: what the door needs and nothing else. Short, since it goes from screen to screen: members stand in
 * the order of `slipOf`. Left out: notes, merchant's reference, calls and evidence, who wrote what, and consents to anything but
 * somebody else's taking the parcel. Pure.
 */
import type { CustomerRequest, Json, TaskRow, TaskStatus } from '../../engine';
import { belongs } from '../../../sync/ts/requests';

const PROXIES = ['reception', 'neighbour', 'locker', 'station'];
const STATUSES: TaskStatus[] = ['created', 'assigned', 'out_for_delivery', 'arrived', 'attempt_failed', 'held'];

type Consent = TaskRow['customer']['consents'][number];

export function slipOf({ task, parcel, customer, obligation, pin }: TaskRow): Json {
  const { text, community, building, unit, room, lng_e7, lat_e7 } = task.address;
  const due = obligation?.status === 'due' ? obligation : null;
  return [
    [task.id, task.kind, task.status, task.merchant, task.attempts, task.window_start, task.window_end],
    [text, community, building, unit, room, lng_e7, lat_e7],
    [parcel.id, parcel.waybill, parcel.pieces, parcel.weight_g],
    [customer.id, customer.name, customer.phone, customer.language],
    customer.requests.filter((one) => asksHere(one, task)).map((one) => requestSlip(one)),
    customer.consents.filter((one) => countsHere(one, task.id)).map((one) => consentSlip(one)),
    due && [due.id, due.amount_minor, due.currency],
    task.pin_required ? (pin ? [pin.salt, pin.iterations, pin.digest] : []) : null,
  ];
}

/** The row as it was on the giver's list; null when it is no slip. */
export function rowOf(slip: unknown, station: string, giver: string): TaskRow | null {
  if (!isList(slip, 8)) return null;
  const [head, place, parcel, customer, requests, consents, due, code] = slip;
  const pin = code === null || isList(code, 0) ? code : undefined;
  if (!isList(head, 7) || !isList(place, 7) || !isList(parcel, 4) || !isList(customer, 4)) return null;
  if (!isList(requests, 0) || !isList(consents, 0) || pin === undefined || !(due === null || isList(due, 3)))
    return null;
  const [id, kind, status, merchant, attempts, window_start, window_end] = head;
  const [text, community, building, unit, room, lng_e7, lat_e7] = place;
  const strings = [id, merchant, text, parcel[0], parcel[1], customer[0], customer[1], customer[2]];
  const numbers = [attempts, parcel[2], ...(due ? [due[1]] : [])];
  if (![...strings, ...(due ? [due[0], due[2]] : [])].every((one) => typeof one === 'string')) return null;
  if (!numbers.every(Number.isSafeInteger) || !STATUSES.includes(status as TaskStatus)) return null;
  const words = [community, building, unit, room].map(orNull('string'));
  const times = [window_start, window_end, lng_e7, lat_e7, parcel[3]].map(orNull('number'));
  const task: TaskRow['task'] = {
    id: id as string,
    station,
    kind: kind === 'pickup' ? 'pickup' : 'delivery',
    parcel: parcel[0] as string,
    customer: customer[0] as string,
    merchant: merchant as string,
    reference: '',
    address: {
      text: text as string,
      community: words[0] as string | null,
      building: words[1] as string | null,
      unit: words[2] as string | null,
      room: words[3] as string | null,
      lng_e7: times[2] as number | null,
      lat_e7: times[3] as number | null,
    },
    status: status as TaskStatus,
    courier: giver,
    sequence: null,
    window_start: times[0] as number | null,
    window_end: times[1] as number | null,
    outcome: null,
    cancelled: null,
    attempts: attempts as number,
    notes: [],
    touched: {},
    ...(pin ? { pin_required: true } : {}),
  };
  return {
    task,
    parcel: {
      id: parcel[0] as string,
      waybill: parcel[1] as string,
      pieces: parcel[2] as number,
      weight_g: times[4] as number | null,
      goods: null,
      scans: 0,
      last_scan: null,
    },
    customer: {
      id: customer[0] as string,
      name: customer[1] as string,
      phone: customer[2] as string,
      language: customer[3] === 'en' || customer[3] === 'zh' ? customer[3] : null,
      requests: requests.flatMap((one) => requestOf(one, task) ?? []),
      consents: consents.flatMap((one) => consentOf(one) ?? []),
    },
    obligation: due && {
      id: due[0] as string,
      task: task.id,
      amount_minor: due[1] as number,
      currency: due[2] as string,
      status: 'due',
      collected: null,
    },
    conflict: null,
    ...(pin && pin.length === 3
      ? { pin: { salt: String(pin[0]), iterations: Number(pin[1]), digest: String(pin[2]) } }
      : {}),
  };
}

function asksHere(request: CustomerRequest, task: TaskRow['task']): boolean {
  return request.active && request.state === 'accepted' && belongs(request, task);
}

function requestSlip({ id, kind, text, scope, weekdays, source, valid_from, valid_until }: CustomerRequest): Json {
  return [id, kind, text, scope, weekdays, source, valid_from, valid_until];
}

function requestOf(slip: unknown, task: TaskRow['task']): CustomerRequest | null {
  if (!isList(slip, 8)) return null;
  const [id, kind, text, scope, weekdays, source, from, until] = slip;
  if (![id, kind, text].every((one) => typeof one === 'string') || !isList(weekdays, 0)) return null;
  return {
    id: id as string,
    kind: kind as string,
    text: text as string,
    active: true,
    scope: scope as CustomerRequest['scope'],
    address: scope === 'address' ? task.address.text : null,
    task: scope === 'parcel' ? task.id : null,
    weekdays: weekdays.filter((day) => typeof day === 'number'),
    source: source as CustomerRequest['source'],
    state: 'accepted',
    valid_from: orNull('number')(from) as number | null,
    valid_until: orNull('number')(until) as number | null,
  };
}

function countsHere(consent: Consent, task: string): boolean {
  return PROXIES.includes(consent.kind) && (consent.task === undefined || consent.task === task);
}

function consentSlip({ id, kind, given, source, at, v, task }: Consent): Json {
  return [id, kind, given, source, at, v ?? null, task ?? null];
}

function consentOf(slip: unknown): Consent | null {
  if (!isList(slip, 7)) return null;
  const [id, kind, given, source, at, v, task] = slip;
  if (typeof id !== 'string' || !PROXIES.includes(kind as string) || typeof at !== 'number') return null;
  return {
    id,
    kind: kind as Consent['kind'],
    given: given === true,
    source: source as Consent['source'],
    note: null,
    at,
    author: '',
    ...(typeof v === 'number' ? { v } : {}),
    ...(typeof task === 'string' ? { task } : {}),
  };
}

export function isList(value: unknown, least: number): value is unknown[] {
  return Array.isArray(value) && value.length >= least;
}

function orNull(type: 'string' | 'number'): (value: unknown) => unknown {
  return (value) => (typeof value === type ? value : null);
}
