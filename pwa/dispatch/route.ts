/** The desk's state in the address: `/dispatch#v=board&queue=unassigned&task=…`.
 *
 * A dispatcher sends a colleague the address and both look at the same thing, so everything that decides what is shown
 * (not what is selected for an action) stands here. Unknown or damaged parts fall back to the plain board.
 */

export type View = 'board' | 'conflicts' | 'devices';
export type Queue = 'all' | 'unassigned' | 'exceptions' | 'left' | 'done';
export type SortKey = 'attention' | 'status' | 'waybill' | 'courier' | 'window' | 'cod' | 'requests' | 'address';
export type Pane = 'side' | 'list' | 'detail';

export interface Route {
  view: View;
  queue: Queue;
  q: string;
  status: string;
  courier: string;
  kind: '' | 'delivery' | 'pickup';
  sort: SortKey;
  desc: boolean;
  /** Task in the right pane, '' = none. */
  task: string;
  /** Conflict case in the right pane, '' = none. */
  case: string;
  decided: boolean;
  /** Pane on top where the screen holds only one. */
  pane: Pane;
}

export const HOME: Readonly<Route> = Object.freeze({
  view: 'board',
  queue: 'all',
  q: '',
  status: '',
  courier: '',
  kind: '',
  sort: 'attention',
  desc: false,
  task: '',
  case: '',
  decided: false,
  pane: 'list',
});

const VIEWS: readonly View[] = ['board', 'conflicts', 'devices'];
const QUEUES: readonly Queue[] = ['all', 'unassigned', 'exceptions', 'left', 'done'];
const SORTS: readonly SortKey[] = ['attention', 'status', 'waybill', 'courier', 'window', 'cod', 'requests', 'address'];
const PANES: readonly Pane[] = ['side', 'list', 'detail'];
const KINDS: readonly Route['kind'][] = ['', 'delivery', 'pickup'];
const ID = /^[0-9a-z-]{1,64}$/i;
/** Longest search text kept in the address. */
const MAX_TEXT = 120;

function oneOf<T extends string>(allowed: readonly T[], value: string | null, otherwise: T): T {
  return allowed.find((item) => item === value) ?? otherwise;
}

function word(value: string | null): string {
  return value !== null && ID.test(value) ? value : '';
}

/** Read a location hash (with or without `#`). */
export function parseRoute(hash: string): Route {
  const query = new URLSearchParams(hash.replace(/^#\/?\??/, ''));
  return {
    view: oneOf(VIEWS, query.get('v'), HOME.view),
    queue: oneOf(QUEUES, query.get('queue'), HOME.queue),
    q: (query.get('q') ?? '').slice(0, MAX_TEXT),
    status: (query.get('status') ?? '').replace(/[^a-z_]/g, ''),
    courier: word(query.get('courier')),
    kind: oneOf(KINDS, query.get('kind'), ''),
    sort: oneOf(SORTS, query.get('sort'), HOME.sort),
    desc: query.get('desc') === '1',
    task: word(query.get('task')),
    case: word(query.get('case')),
    decided: query.get('tab') === 'decided',
    pane: oneOf(PANES, query.get('pane'), HOME.pane),
  };
}

/** Write a route as a hash; only what differs from the plain board is named, so that addresses stay short. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string, plain: string) => {
    if (value !== plain) query.set(name, value);
  };
  put('v', route.view, HOME.view);
  put('queue', route.queue, HOME.queue);
  put('q', route.q, '');
  put('status', route.status, '');
  put('courier', route.courier, '');
  put('kind', route.kind, '');
  put('sort', route.sort, HOME.sort);
  put('desc', route.desc ? '1' : '', '');
  put('task', route.task, '');
  put('case', route.case, '');
  put('tab', route.decided ? 'decided' : '', '');
  put('pane', route.pane, HOME.pane);
  return `#${query.toString()}`;
}

/** Does going from one to the other deserve a step in the browser's history? Filters and cursor moves do not. */
export function isStep(from: Route, to: Route): boolean {
  return from.view !== to.view || from.pane !== to.pane || from.decided !== to.decided;
}
