/** Which tasks are looked at: the same keys in the address, in a saved filter and in the question to the server. Pure. */
import type { TaskStatus } from './types';

export type Queue = 'all' | 'unassigned' | 'exceptions' | 'late' | 'conflict' | 'request' | 'left' | 'done';
export type TimeFrame = '' | 'late' | 'soon' | 'open';
export type SortKey = 'sequence' | 'window_end' | 'status' | 'waybill' | 'courier' | 'updated';

export interface Filter {
  q: string;
  /** Any of these; none = any status. */
  status: readonly TaskStatus[];
  /** A courier's id, `none` = nobody has it, '' = anybody. */
  courier: string;
  kind: '' | 'delivery' | 'pickup';
  merchant: string;
  window: TimeFrame;
  /** Only tasks with an open case. */
  conflict: boolean;
  /** Only tasks whose customer asks for something special. */
  request: boolean;
}

export interface Order {
  sort: SortKey;
  desc: boolean;
}

export const NONE = 'none';

export const STATUSES: readonly TaskStatus[] = [
  'created',
  'assigned',
  'out_for_delivery',
  'arrived',
  'delivered',
  'picked_up',
  'attempt_failed',
  'held',
  'returned',
  'cancelled',
];
const SORTS: readonly SortKey[] = ['sequence', 'window_end', 'status', 'waybill', 'courier', 'updated'];
const FRAMES: readonly TimeFrame[] = ['', 'late', 'soon', 'open'];
const KINDS: readonly Filter['kind'][] = ['', 'delivery', 'pickup'];

export const EMPTY: Readonly<Filter> = Object.freeze({
  q: '',
  status: Object.freeze([]) as readonly TaskStatus[],
  courier: '',
  kind: '',
  merchant: '',
  window: '',
  conflict: false,
  request: false,
});

const LEFT: readonly TaskStatus[] = ['created', 'assigned', 'out_for_delivery', 'arrived', 'attempt_failed', 'held'];

/** What each queue of the left pane means. */
export const QUEUES: Readonly<Record<Queue, Readonly<Partial<Filter>>>> = {
  all: {},
  unassigned: { courier: NONE, status: LEFT },
  exceptions: { status: ['attempt_failed', 'held', 'returned'] },
  late: { window: 'late' },
  conflict: { conflict: true },
  request: { request: true, status: LEFT },
  left: { status: LEFT },
  done: { status: ['delivered', 'picked_up'] },
};

export function ofQueue(queue: Queue): Filter {
  return { ...EMPTY, ...QUEUES[queue] };
}

/** The queue whose meaning the filter has, whatever is searched or sorted in it; null when it is somebody's own. */
export function queueOf(filter: Filter): Queue | null {
  const plain = { ...filter, q: '' };
  return (Object.keys(QUEUES) as Queue[]).find((queue) => sameFilter(ofQueue(queue), plain)) ?? null;
}

export function sameFilter(a: Filter, b: Filter): boolean {
  return filterQuery(a).toString() === filterQuery(b).toString();
}

/** Longest text kept of what a person typed. */
export const MAX_TEXT = 120;
const ID = /^[0-9a-z-]{1,64}$/i;

export function oneOf<T extends string>(allowed: readonly T[], value: string | null, otherwise: T): T {
  return allowed.find((item) => item === value) ?? otherwise;
}

/** An id out of an address; anything else is nothing. */
export function idOf(value: string | null): string {
  return value !== null && ID.test(value) ? value : '';
}

export function readFilter(query: URLSearchParams): Filter {
  const wanted = new Set(query.getAll('status').flatMap((text) => text.split(',')));
  return {
    q: (query.get('q') ?? '').slice(0, MAX_TEXT),
    status: STATUSES.filter((status) => wanted.has(status)),
    courier: idOf(query.get('courier')),
    kind: oneOf(KINDS, query.get('kind'), ''),
    merchant: (query.get('merchant') ?? '').slice(0, MAX_TEXT),
    window: oneOf(FRAMES, query.get('window'), ''),
    conflict: query.get('conflict') === 'true',
    request: query.get('request') === 'true',
  };
}

export function readOrder(query: URLSearchParams): Order {
  return { sort: oneOf(SORTS, query.get('sort'), 'window_end'), desc: query.get('dir') === 'desc' };
}

/** Only what narrows: the plain list has an empty query. */
export function filterQuery(filter: Filter): URLSearchParams {
  const query = new URLSearchParams();
  const q = filter.q.trim();
  if (q !== '') query.set('q', q);
  for (const status of STATUSES) if (filter.status.includes(status)) query.append('status', status);
  if (filter.courier !== '') query.set('courier', filter.courier);
  if (filter.kind !== '') query.set('kind', filter.kind);
  if (filter.merchant.trim() !== '') query.set('merchant', filter.merchant.trim());
  if (filter.window !== '') query.set('window', filter.window);
  if (filter.conflict) query.set('conflict', 'true');
  if (filter.request) query.set('request', 'true');
  return query;
}

export function orderQuery(order: Order, query: URLSearchParams): URLSearchParams {
  if (order.sort !== 'window_end') query.set('sort', order.sort);
  if (order.desc) query.set('dir', 'desc');
  return query;
}

/** The question to the server: filter and order, both said in full. */
export function askQuery(filter: Filter, order: Order): string {
  const query = filterQuery(filter);
  query.set('sort', order.sort);
  query.set('dir', order.desc ? 'desc' : 'asc');
  return query.toString();
}

/** Parts a person has set beyond the search text: what the filter button counts. */
export function narrowings(filter: Filter): number {
  const parts = [
    filter.status.length > 0,
    filter.courier !== '',
    filter.kind !== '',
    filter.merchant.trim() !== '',
    filter.window !== '',
    filter.conflict,
    filter.request,
  ];
  return parts.filter(Boolean).length;
}

export function isFiltered(filter: Filter): boolean {
  return filter.q.trim() !== '' || narrowings(filter) > 0;
}

/** A saved filter as the server keeps it: names to values, several statuses as a list. */
export type SavedQuery = Record<string, unknown>;

/** A saved filter says which tasks, not in which order. */
export function toSaved(filter: Filter): SavedQuery {
  const query = filterQuery(filter);
  const saved: SavedQuery = {};
  for (const key of new Set(query.keys())) {
    const value = query.get(key);
    if (key === 'status') saved[key] = query.getAll(key);
    else saved[key] = key === 'conflict' || key === 'request' ? true : value;
  }
  return saved;
}

/** Anything that is not a word, a truth or a list of words is left out: the filter may come from a newer desk. */
export function fromSaved(saved: SavedQuery): Filter {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(saved)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'string' || item === true) query.append(key, String(item));
    }
  }
  return readFilter(query);
}
