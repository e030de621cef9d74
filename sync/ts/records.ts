/**
 * Shapes of the records and of the envelope, as `sync/schemas` defines them. Types only.
 *
 * Units: times in ms since the epoch (UTC), money in minor units, weight in grams, coordinates in 1e-7 degrees. Ids are lower
 * case UUIDs; an entity is `kind:id`.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export type EntityKind = 'task' | 'parcel' | 'customer' | 'shift' | 'obligation' | 'conflict' | 'message';

export type OperationType =
  | 'order.imported'
  | 'task.assigned'
  | 'task.reassigned'
  | 'task.cancelled'
  | 'task.window_changed'
  | 'task.reattempt_planned'
  | 'task.out_for_delivery'
  | 'task.arrived'
  | 'task.delivered'
  | 'task.picked_up'
  | 'task.attempt_failed'
  | 'task.held'
  | 'task.returned'
  | 'task.noted'
  | 'task.called'
  | 'task.consent_asked'
  | 'task.problem_reported'
  | 'task.handed_over'
  | 'task.taken_over'
  | 'parcel.scanned'
  | 'customer.request_set'
  | 'customer.profile_set'
  | 'customer.consent_set'
  | 'payment.collected'
  | 'shift.started'
  | 'shift.closed'
  | 'operation.corrected'
  | 'conflict.decided'
  | 'conflict.assigned'
  | 'conflict.undone'
  | 'message.sent'
  | 'message.received'
  | 'message.read';

export type Role = 'customer' | 'courier' | 'dispatcher' | 'csr' | 'admin';

export type TaskStatus =
  | 'created'
  | 'assigned'
  | 'out_for_delivery'
  | 'arrived'
  | 'delivered'
  | 'picked_up'
  | 'attempt_failed'
  | 'held'
  | 'returned'
  | 'cancelled';

export interface Position {
  lat_e7: number;
  lng_e7: number;
  accuracy_m: number;
}

/** One operation (P4). Immutable from the moment it is saved. */
export interface Envelope {
  op_id: string;
  type: string;
  v: number;
  author: string;
  device: string | null;
  incarnation: string | null;
  seq: number | null;
  prev: string | null;
  app: string;
  entity: string;
  base_rev: number | null;
  base: JsonObject;
  payload: JsonObject;
  blobs: string[];
  at: number;
  mono: number | null;
  boot: string | null;
  position?: Position | null;
}

export interface Address {
  text: string;
  community: string | null;
  building: string | null;
  unit: string | null;
  room: string | null;
  lng_e7: number | null;
  lat_e7: number | null;
}

export interface Touch {
  op_id: string;
  author: string;
  at: number;
}

export type EvidenceName = 'calls' | 'dwell_s' | 'photos' | 'note';

/** What an attempt has to show (dwell_s null: no arrival told), and which of what its reason demands is missing. */
export interface Evidence {
  calls: number;
  dwell_s: number | null;
  photos: number;
  note: boolean;
  missing: EvidenceName[];
}

/** Somebody who takes a parcel for somebody else: only with a consent that is on record. */
export type Proxy = 'reception' | 'neighbour' | 'locker' | 'station';

/** The parcel went from one courier to another on the road: what each of them has told of it. */
export interface Handover {
  giver: string;
  taker: string;
  given: Touch | null;
  taken: Touch | null;
}

/** From `pin_required` on a member is there only when there is something to say. */
export interface TaskRecord {
  id: string;
  station: string;
  kind: 'delivery' | 'pickup';
  parcel: string;
  customer: string;
  merchant: string;
  reference: string;
  address: Address;
  status: TaskStatus;
  courier: string | null;
  sequence: number | null;
  window_start: number | null;
  window_end: number | null;
  outcome: {
    op_id: string;
    type: string;
    author: string;
    at: number;
    reason: string | null;
    recipient: string | null;
    evidence?: Evidence;
    pieces?: number;
    rest?: string;
  } | null;
  cancelled: { op_id: string; author: string; at: number; reason: string } | null;
  attempts: number;
  notes: { op_id: string; text: string; author: string; at: number }[];
  touched: Record<string, Touch>;
  pin_required?: boolean;
  /** Calls and arrival are the present attempt's. */
  arrived_at?: number;
  calls?: (Touch & { channel: 'call' | 'sms'; result: 'answered' | 'not_answered' | 'unknown' })[];
  asked?: (Touch & { kind: Proxy })[];
  /** Customer service is to say what becomes of the parcel. */
  problem?: Touch & { reason: string; note: string | null; evidence?: Evidence };
  handover?: Handover;
}

export type ScanVerdict = 'mine' | 'other_route' | 'recalled' | 'duplicate' | 'signed' | 'unknown';

export interface ParcelRecord {
  id: string;
  waybill: string;
  pieces: number;
  weight_g: number | null;
  goods: string | null;
  scans: number;
  last_scan: { op_id: string; author: string; at: number; verdict: ScanVerdict } | null;
}

export type RequestScope = 'always' | 'address' | 'parcel' | 'weekdays';

/**
 * A special request. `address` is the address text and `task` the task that the scopes of these names are about; weekdays count
 * from Monday 1; a proposed one waits for customer service.
 */
export interface CustomerRequest {
  id: string;
  kind: string;
  text: string;
  active: boolean;
  scope: RequestScope;
  address: string | null;
  task: string | null;
  weekdays: number[];
  source: 'order' | 'customer' | 'courier' | 'csr' | 'merchant';
  state: 'proposed' | 'accepted';
  valid_from: number | null;
  valid_until: number | null;
}

/** The newest word of its kind, for all parcels or for the one it names; `v` counts them, 1 where it is missing. */
export interface Consent {
  id: string;
  kind: 'reception' | 'neighbour' | 'locker' | 'station' | 'notices' | 'marketing';
  given: boolean;
  source: 'customer' | 'csr' | 'courier' | 'paper';
  note: string | null;
  at: number;
  author: string;
  v?: number;
  task?: string;
  /** The courier's question that it answers. */
  answers?: string;
}

/** Somebody to ask for at a customer's. */
export interface Contact {
  id: string;
  name: string;
  phone: string;
  email: string | null;
  role: string;
}

export interface CustomerRecord {
  id: string;
  station: string;
  kind: 'person' | 'company';
  name: string;
  phone: string;
  email: string | null;
  language: 'zh' | 'en' | null;
  tier: 'key' | 'monthly' | 'casual';
  contacts: Contact[];
  consents: Consent[];
  tags: string[];
  requests: CustomerRequest[];
  /** The last writer of each request, by its id. */
  touched: Record<string, Touch>;
  /** The last writer of each field of the profile. */
  profile_touched: Record<string, Touch>;
}

export interface ObligationRecord {
  id: string;
  task: string;
  amount_minor: number;
  currency: string;
  status: 'due' | 'settled';
  collected: { op_id: string; author: string; amount_minor: number; method: string; at: number } | null;
}

export interface ShiftRecord {
  id: string;
  station: string;
  courier: string;
  status: 'open' | 'closed';
  started_at: number;
  closed_at: number | null;
  counts: { recorded: number; confirmed: number; waiting: number; cash_minor: number } | null;
}

/** A case (P22): both versions, both actors, the suggestion and the rule behind it. */
export interface ConflictRecord {
  id: string;
  kind: string;
  status: 'open' | 'decided';
  entity: string;
  task: string | null;
  station: string;
  op_id: string;
  theirs_op: string | null;
  mine: JsonObject;
  theirs: JsonObject;
  base: JsonObject;
  fields: string[];
  mine_author: string | null;
  theirs_author: string | null;
  suggested: string;
  rule: string;
  outcomes: string[];
  owner: string | null;
  due_at: number;
  opened_at: number;
  decision: { op_id: string; author: string; outcome: string; reason: string; at: number } | null;
}

/** One courier a message is for: since when his handheld has it, and since when he has read it. */
export interface MessageReader {
  courier: string;
  received_at: number | null;
  read_at: number | null;
}

export interface MessageRecord {
  id: string;
  station: string;
  author: string;
  text: string;
  task: string | null;
  at: number;
  readers: MessageReader[];
}

/** A message as one of its readers pulls it; `message` is what his answers are about. */
export interface MessageRow {
  id: string;
  message: string;
  text: string;
  task: string | null;
  waybill: string | null;
  at: number;
  by_name: string | null;
  received_at: number | null;
  read_at: number | null;
}

export type SyncRecord =
  TaskRecord | ParcelRecord | CustomerRecord | ObligationRecord | ShiftRecord | ConflictRecord | MessageRecord;

/** A row a handheld pulls for `task:<id>`: everything the door needs, stored by the server as one projection (P24). */
export interface TaskRow {
  task: TaskRecord;
  parcel: ParcelRecord;
  customer: Pick<CustomerRecord, 'id' | 'name' | 'phone' | 'language' | 'requests' | 'consents'>;
  obligation: ObligationRecord | null;
  conflict: string | null;
  /** Where the parcel is handed over only for a code: PBKDF2-SHA-256, salt and digest in hex. */
  pin?: { salt: string; iterations: number; digest: string };
}

export type ResultStatus = 'applied' | 'merged' | 'conflict' | 'quarantined' | 'deferred';
