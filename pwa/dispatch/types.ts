/** What the desk reads from the server's doors. Times are ms since epoch UTC, money is in minor units (fen). */

export type TaskKind = 'delivery' | 'pickup';

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

export type Outcome = 'mine' | 'theirs' | 'noted';

export interface Person {
  id: string;
  name: string;
}

export interface Station {
  id: string;
  code: string;
  name: string;
  timezone: string;
}

export interface SessionUser {
  id: string;
  username: string;
  name: string;
  role: 'courier' | 'dispatcher' | 'csr' | 'admin';
  lang: 'zh' | 'en' | null;
  station: Station;
}

export interface SessionAnswer {
  user: SessionUser;
  csrf_token: string;
}

export interface SummaryAnswer {
  station: Station;
  day: string;
  counts: {
    unassigned: number;
    left: number;
    done: number;
    problems: number;
    cancelled: number;
    conflicts: number;
  };
  server_time: number;
}

export interface CourierRow {
  id: string;
  name: string;
  total: number;
  done: number;
  left: number;
  problems: number;
  last_heard: number | null;
  shift: { status: string; started_at: number | null } | null;
  devices: number;
  /** Operations the handheld said it still holds; null when it never said. */
  waiting: number | null;
}

export interface CouriersAnswer {
  couriers: CourierRow[];
  server_time: number;
}

export interface TaskRow {
  id: string;
  rev: number;
  kind: TaskKind;
  status: TaskStatus;
  waybill: string;
  merchant: string | null;
  reference: string | null;
  courier: Person | null;
  sequence: number | null;
  window_start: number | null;
  window_end: number | null;
  /** Masked by the server: the desk never holds the clear values. */
  contact: { name: string; phone: string };
  address: string;
  cod: { amount_minor: number; status: 'due' | 'settled' } | null;
  requests: number;
  attempts: number;
  conflict: string | null;
  outcome: { type: string; at: number; reason: string | null } | null;
}

export interface TasksAnswer {
  tasks: TaskRow[];
  total: number;
}

export interface CustomerRequest {
  id: string;
  kind: string;
  text: string;
  active?: boolean;
}

export interface Proof {
  sha: string;
  kind: string;
  state: 'stored' | 'pending';
}

export interface TimelineEntry {
  op_id: string;
  type: string;
  author: Person | null;
  device: string | null;
  at: number;
  received_at: number | null;
  status: string;
  payload: Record<string, unknown> | null;
  conflict: string | null;
  skew_ms?: number | null;
  /** A correction or a decision took it out of the record. */
  voided?: boolean;
}

export interface TaskDetail extends Omit<TaskRow, 'requests'> {
  requests: CustomerRequest[];
  notes: { op_id: string; text: string; author: string | Person | null; at: number }[];
  timeline: TimelineEntry[];
  proofs: Proof[];
}

export interface ConflictCase {
  id: string;
  kind: string;
  status: 'open' | 'decided';
  entity: string;
  task: string | null;
  op_id: string | null;
  theirs_op: string | null;
  mine: Record<string, unknown>;
  theirs: Record<string, unknown>;
  base: Record<string, unknown>;
  fields: string[];
  mine_author: string | null;
  theirs_author: string | null;
  mine_author_name: string | null;
  theirs_author_name: string | null;
  decided_by_name?: string | null;
  suggested: Outcome;
  rule: string;
  outcomes: Outcome[];
  due_at: number | null;
  opened_at: number;
  decision: { op_id: string; author: string; outcome: Outcome; reason: string; at: number } | null;
  waybill: string | null;
  summary: Partial<TaskRow> | null;
  evidence: Proof[];
  /** `skew_ms`: server minus device, so a negative skew is a clock that runs fast. */
  clocks: { at: number | null; received_at: number | null; skew_ms: number | null } | null;
}

export interface DeviceRow {
  id: string;
  label: string | null;
  user: Person;
  enrolled_at: number;
  last_heard: number | null;
  revoked_at: number | null;
  app: string | null;
  head_seq: number | null;
  waiting: number | null;
  incarnation: string | null;
}

export interface EnrolmentCode {
  code: string;
  expires_at: number;
  url: string;
  qr_svg: string;
}

export type ResultStatus = 'applied' | 'merged' | 'conflict' | 'deferred' | 'quarantined';

export interface OperationResult {
  op_id: string | null;
  status: ResultStatus;
  code: string | null;
  detail: string | null;
  conflict: string | null;
}
