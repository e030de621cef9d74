/** The desk's state in the address: `/dispatch#/board?status=created&task=…`.
 *
 * A dispatcher sends a colleague the address and both look at the same thing, so everything that decides what is shown
 * (not what is selected for an action) stands here. Unknown or damaged parts fall back to the plain board.
 */
import {
  EMPTY,
  filterQuery,
  idOf,
  MAX_TEXT,
  oneOf,
  orderQuery,
  readFilter,
  readOrder,
  type Filter,
  type Order,
} from './filter';

export type View = 'board' | 'conflicts' | 'customers' | 'orders' | 'messages' | 'notices' | 'devices';
/** How the board shows its tasks. */
export type Mode = 'table' | 'couriers' | 'map';
export type Pane = 'side' | 'list' | 'detail';

export interface Route extends Filter, Order {
  view: View;
  mode: Mode;
  /** Task in the right pane, '' = none. */
  task: string;
  /** Conflict case in the right pane, '' = none. */
  case: string;
  decided: boolean;
  /** What a screen beside the board has selected, '' = nothing. */
  id: string;
  /** A screen's own part of the address: its filters. */
  own: Readonly<Record<string, string>>;
  /** Pane on top where the screen holds only one. */
  pane: Pane;
}

export const HOME: Readonly<Route> = Object.freeze({
  ...EMPTY,
  view: 'board',
  mode: 'table',
  sort: 'window_end',
  desc: false,
  task: '',
  case: '',
  decided: false,
  id: '',
  own: Object.freeze({}),
  pane: 'list',
});

const VIEWS: readonly View[] = ['board', 'conflicts', 'customers', 'orders', 'messages', 'notices', 'devices'];
const MODES: readonly Mode[] = ['table', 'couriers', 'map'];
const PANES: readonly Pane[] = ['side', 'list', 'detail'];
const NAMED: ReadonlySet<string> = new Set(['mode', 'task', 'case', 'tab', 'id', 'pane']);
const OWN_KEY = /^[a-z][a-z_]{0,31}$/;
/** Own parts of one address. */
const MOST_OWN = 16;

/** Filter and order belong to the board; elsewhere those names are the screen's own. */
function ownOf(view: View, query: URLSearchParams): Record<string, string> {
  const own: Record<string, string> = {};
  if (view === 'board') return own;
  for (const [key, value] of query) {
    if (NAMED.has(key) || !OWN_KEY.test(key) || value === '' || Object.keys(own).length >= MOST_OWN) continue;
    own[key] = value.slice(0, MAX_TEXT);
  }
  return own;
}

/** Read a location hash (with or without `#`). */
export function parseRoute(hash: string): Route {
  const [path = '', text = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const view = oneOf(VIEWS, path, HOME.view);
  const query = new URLSearchParams(text);
  const narrowed = view === 'board' ? query : new URLSearchParams();
  return {
    ...readFilter(narrowed),
    ...readOrder(narrowed),
    view,
    mode: oneOf(MODES, query.get('mode'), HOME.mode),
    task: idOf(query.get('task')),
    case: idOf(query.get('case')),
    decided: query.get('tab') === 'decided',
    id: idOf(query.get('id')),
    own: ownOf(view, query),
    pane: oneOf(PANES, query.get('pane'), HOME.pane),
  };
}

/** Write a route as a hash; only what differs from the plain board is named, so that addresses stay short. */
export function formatRoute(route: Route): string {
  const board = route.view === 'board';
  const query = board ? orderQuery(route, filterQuery(route)) : new URLSearchParams();
  const put = (name: string, value: string, plain = '') => {
    if (value !== plain) query.set(name, value);
  };
  if (board) {
    put('mode', route.mode, HOME.mode);
    put('task', route.task);
  } else {
    for (const [key, value] of Object.entries(route.own)) put(key, value);
    put('case', route.case);
    put('tab', route.decided ? 'decided' : '');
    put('id', route.id);
  }
  put('pane', route.pane, HOME.pane);
  const text = query.toString();
  return `#/${route.view}${text === '' ? '' : `?${text}`}`;
}

/** The route after a change. Another view starts with its own parts empty; the board's filter waits for the way back. */
export function changed(route: Route, change: Partial<Route>): Route {
  const left = change.view !== undefined && change.view !== route.view;
  return { ...route, ...(left ? { id: '', own: {} } : {}), ...change };
}

/** Does going from one to the other deserve a step in the browser's history? Filters and cursor moves do not. */
export function isStep(from: Route, to: Route): boolean {
  return from.view !== to.view || from.pane !== to.pane || from.decided !== to.decided || from.mode !== to.mode;
}

/** What a colleague needs to see the same list: without the selected thing. */
export function listAddress(route: Route): string {
  return formatRoute({ ...route, task: '', pane: 'list' });
}
