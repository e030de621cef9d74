/** What the desk knows right now. Screens read it; only the actions write it. */
import { countQueues, shownRows } from '../board/model';
import { meant, type Batch, type Deed } from '../bulk/model';
import { byId, namesOf, NOTHING, onTheWay } from './model';
import { freshness, type PollState } from '../poll';
import { formatRoute, isStep, parseRoute, type Route } from '../route';
import type { ConflictCase, CourierRow, DeviceRow, SessionUser, SummaryAnswer, TaskDetail, TaskRow } from '../types';

/** Zone of a station whose session does not name one. */
const USUAL_ZONE = 'Asia/Shanghai';

/** `unreached`: nobody could be asked yet whether there is a session. */
export type Session = 'unknown' | 'unreached' | 'none' | 'ended' | 'in';

/** Something read for one id; `value` stays on screen while it is read again. */
export interface Reading<T> {
  id: string;
  value: T | null;
  /** Problem code of the last try, null when it succeeded. */
  error: string | null;
}

export class Desk {
  session = $state<Session>('unknown');
  user = $state.raw<SessionUser | null>(null);
  route = $state.raw<Route>(parseRoute(location.hash));
  /** This machine's clock, redrawn every second, ms. */
  local = $state(Date.now());
  /** Server's clock minus ours, ms. */
  offset = $state(0);
  poll = $state.raw<PollState>({ heard: null, failures: 0, error: null, paused: false });

  summary = $state.raw<SummaryAnswer | null>(null);
  couriers = $state.raw<CourierRow[] | null>(null);
  tasks = $state.raw<TaskRow[] | null>(null);
  /** Ids the server found for the search text in clear names and phones. */
  found = $state.raw(NOTHING);
  detail = $state.raw<Reading<TaskDetail>>({ id: '', value: null, error: null });
  openCases = $state.raw<ConflictCase[] | null>(null);
  decidedCases = $state.raw<ConflictCase[] | null>(null);
  casesError = $state<string | null>(null);
  devices = $state.raw<DeviceRow[] | null>(null);
  devicesError = $state<string | null>(null);

  chosen = $state.raw(NOTHING);
  batches = $state.raw<Batch[]>([]);
  /** The open action sheet: what is to be done, with which tasks. */
  panel = $state.raw<{ deed: Deed; tasks: string[] } | null>(null);
  help = $state(false);

  /** The server's time, as well as we know it. */
  now = $derived(this.local + this.offset);
  zone = $derived(this.user?.station.timezone ?? USUAL_ZONE);
  fresh = $derived(freshness(this.poll, this.local));
  /** Changes once a minute: what depends on "late" is not worked out anew every second. */
  private minute = $derived(Math.floor(this.now / 60_000) * 60_000);

  byId = $derived(byId(this.tasks ?? []));
  counts = $derived(countQueues(this.tasks ?? []));
  rows = $derived(shownRows(this.tasks ?? [], this.route, this.route, this.minute, this.found));
  people = $derived(namesOf(this.couriers ?? [], [...(this.openCases ?? []), ...(this.decidedCases ?? [])], this.user));
  around = $derived({ people: this.people, zone: this.zone, now: this.minute });

  sending = $derived(onTheWay(this.batches));

  /** Show something else. The address follows; only a change of view makes a step of the back button. */
  go(change: Partial<Route>): void {
    const next = { ...this.route, ...change };
    const address = formatRoute(next);
    if (address === formatRoute(this.route)) return;
    const way = isStep(this.route, next) ? 'pushState' : 'replaceState';
    history[way](null, '', location.pathname + location.search + address);
    this.route = next;
  }

  /** The address was changed from outside: back button, or a colleague's link pasted. */
  follow(): void {
    this.route = parseRoute(location.hash);
  }

  /** Open the sheet of a deed for the selection, or for the row under the cursor when nothing is selected. */
  begin(deed: Deed, tasks: string[] = this.chosen.size > 0 ? [...this.chosen] : [this.route.task]): void {
    const rows = tasks.flatMap((id) => this.byId.get(id) ?? []);
    if (rows.length > 0) this.panel = { deed: meant(deed, rows), tasks: rows.map((row) => row.id) };
  }

  putBatch(batch: Batch): void {
    const known = this.batches.some((item) => item.id === batch.id);
    this.batches = known ? this.batches.map((item) => (item.id === batch.id ? batch : item)) : [batch, ...this.batches];
  }

  dropBatch(id: string): void {
    this.batches = this.batches.filter((batch) => batch.id !== id);
  }

  /** Nothing of one person stays for the next one at the same desk. */
  forget(): void {
    this.user = null;
    this.summary = null;
    this.couriers = null;
    this.tasks = null;
    this.found = NOTHING;
    this.detail = { id: '', value: null, error: null };
    this.openCases = null;
    this.decidedCases = null;
    this.devices = null;
    this.chosen = NOTHING;
    this.batches = [];
    this.panel = null;
  }
}
