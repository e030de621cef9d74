/** What the customers' doors answer. Times are ms since epoch UTC; who and where is masked by the server. */
import type { Person, TaskKind, TaskStatus } from '../types';

export type Tier = 'key' | 'monthly' | 'casual';
export type Kind = 'person' | 'company';
export type Tongue = 'zh' | 'en';
export type RequestScope = 'always' | 'address' | 'parcel' | 'weekdays';
export type RequestSource = 'order' | 'customer' | 'courier' | 'csr' | 'merchant';
export type ConsentKind = 'reception' | 'neighbour' | 'locker' | 'station' | 'notices' | 'marketing';
export type ConsentSource = 'customer' | 'csr' | 'courier' | 'paper';

export interface CustomerLine {
  id: string;
  kind: Kind;
  name: string;
  phone: string;
  language: Tongue | null;
  tier: Tier;
  tags: string[];
  open_tasks: number;
  all_tasks: number;
  open_cases: number;
  requests: number;
  proposals: number;
}

export interface CustomersAnswer {
  customers: CustomerLine[];
  total: number;
  /** Customers with a proposed request nobody has decided on. */
  proposing: number;
}

export interface Contact {
  id: string;
  name: string;
  phone: string;
  email: string | null;
  role: string;
}

export interface Profile {
  kind: Kind;
  name: string;
  phone: string;
  email: string | null;
  language: Tongue | null;
  tier: Tier;
  contacts: Contact[];
  tags: string[];
}

export interface CustomerRequest {
  id: string;
  kind: string;
  text: string;
  active: boolean;
  scope: RequestScope;
  address: string | null;
  task: string | null;
  waybill: string | null;
  task_status: TaskStatus | null;
  /** Monday is 1. */
  weekdays: number[];
  source: RequestSource;
  state: 'proposed' | 'accepted';
  valid_from: number | null;
  valid_until: number | null;
  set_by: string | null;
  set_at: number | null;
}

export interface Consent {
  id: string;
  kind: ConsentKind;
  given: boolean;
  source: ConsentSource;
  note: string | null;
  at: number;
  set_by: string | null;
}

export interface CustomerTask {
  id: string;
  kind: TaskKind;
  status: TaskStatus;
  waybill: string;
  courier: string | null;
  address: string;
  window_start: number | null;
  window_end: number | null;
  outcome: { type: string; at: number; reason: string | null } | null;
}

export interface CustomerCase {
  id: string;
  kind: string;
  task: string | null;
  waybill: string | null;
  fields: string[];
  owner: string | null;
  opened_at: number;
  due_at: number;
}

export interface Customer extends Profile {
  id: string;
  rev: number;
  requests: CustomerRequest[];
  consents: Consent[];
  tasks: CustomerTask[];
  open_tasks: number;
  all_tasks: number;
  addresses: string[];
  cases: CustomerCase[];
  /** Reveals the caller has left in these 24 hours. */
  left_today: number;
  server_time: number;
}

export interface Proposal {
  customer: { id: string; rev: number; name: string; kind: Kind; tier: Tier };
  request: CustomerRequest;
}

export interface Touch {
  position: number;
  op_id: string;
  type: string;
  task: string | null;
  waybill: string | null;
  author: Person;
  by_customer: boolean;
  device: string | null;
  at: number;
  received_at: number;
  skew_ms: number | null;
  status: string;
  payload: Record<string, unknown>;
  conflict: string | null;
  voided: boolean;
}

export interface TimelinePage {
  entries: Touch[];
  next: number | null;
}

export type Field = 'name' | 'phone' | 'email' | 'address' | 'contacts';

/** Fields in the clear; of several addresses each stands on a line. */
export interface Clear {
  name?: string;
  phone?: string;
  email?: string | null;
  address?: string;
  contacts?: Contact[];
}

export interface Revealed {
  values: Clear;
  left_today: number;
}

export interface AuditRow {
  id: string;
  at: number;
  user: Person;
  customer: Person;
  task: string | null;
  waybill: string | null;
  fields: string[];
  reason: string;
}

export interface AuditAnswer {
  reveals: AuditRow[];
  total: number;
}
