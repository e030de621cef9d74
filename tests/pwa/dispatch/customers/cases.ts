/** A customer and a request as the desk sees them, masked. */
import type { Stamp } from '../../../../pwa/dispatch/operations';
import type { Customer, CustomerRequest, Touch } from '../../../../pwa/dispatch/customers/types';

let drawn = 0;
export const STAMP: Stamp = {
  now: 1_777_856_400_000,
  random: (size) => Uint8Array.from({ length: size }, () => (drawn += 1) % 256),
};

export const CUSTOMER: Customer = {
  id: '0197f000-0000-7000-8000-000000000001',
  rev: 7,
  kind: 'person',
  name: '王*明',
  phone: '138******01',
  email: null,
  language: null,
  tier: 'casual',
  tags: [],
  contacts: [],
  requests: [],
  consents: [],
  tasks: [],
  open_tasks: 0,
  all_tasks: 0,
  addresses: [],
  cases: [],
  left_today: 100,
  server_time: STAMP.now,
};

export function request(over: Partial<CustomerRequest> = {}): CustomerRequest {
  return {
    id: 'r-1',
    kind: 'no_ring',
    text: '宝宝在睡',
    active: true,
    scope: 'always',
    address: null,
    task: null,
    waybill: null,
    task_status: null,
    weekdays: [],
    source: 'csr',
    state: 'accepted',
    valid_from: null,
    valid_until: null,
    set_by: 'Dora',
    set_at: STAMP.now,
    ...over,
  };
}

export function touch(position: number, over: Partial<Touch> = {}): Touch {
  return {
    position,
    op_id: `op-${position}`,
    type: 'task.noted',
    task: null,
    waybill: null,
    author: { id: 'u', name: 'Dora' },
    by_customer: false,
    device: null,
    at: STAMP.now,
    received_at: STAMP.now,
    skew_ms: null,
    status: 'applied',
    payload: {},
    conflict: null,
    voided: false,
    ...over,
  };
}
