/** What the desk knows right now. Screens read it; only the actions write it. */
import { newest, NOTHING_CHOSEN, pick, type Picked, type Selection } from '../board/selection';
import type { TaskTable } from '../board/rows.svelte';
import { meant, type Batch, type Deed } from '../bulk/model';
import { askQuery } from '../filter';
import { freshness, START, type LiveState, type Look } from '../live/model';
import { changed, formatRoute, isStep, parseRoute, type Route } from '../route';
import type { CourierRow, DeviceRow, SavedFilter, SessionUser, SummaryAnswer, TaskDetail } from '../types';
import { namesOf, onTheWay } from './model';

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
  live = $state.raw<LiveState>(START);

  summary = $state.raw<SummaryAnswer | null>(null);
  couriers = $state.raw<CourierRow[] | null>(null);
  filters = $state.raw<SavedFilter[]>([]);
  detail = $state.raw<Reading<TaskDetail>>({ id: '', value: null, error: null });
  devices = $state.raw<DeviceRow[] | null>(null);
  devicesError = $state<string | null>(null);
  /** Set by the map while it is shown: it knows which of its points to read again. */
  followMap: ((look: Look) => Promise<void>) | null = null;

  /** Where the table was scrolled to when it was last left, px. */
  left = { query: '', top: 0 };

  chosen = $state.raw<Selection>(NOTHING_CHOSEN);
  /** Tasks under the pointer on their way to a courier; empty = nothing is dragged. */
  dragged = $state.raw<readonly Picked[]>([]);
  batches = $state.raw<Batch[]>([]);
  /** The open action sheet: what is to be done, with which tasks. */
  panel = $state.raw<{ deed: Deed; tasks: readonly Picked[] } | null>(null);
  help = $state(false);
  palette = $state(false);
  /** The sheet that names the present filter. */
  saving = $state(false);
  /** A `g` was pressed; the next key says where to. */
  going = $state(false);

  /** The server's time, as well as we know it. */
  now = $derived(this.local + this.offset);
  zone = $derived(this.user?.station.timezone ?? USUAL_ZONE);
  fresh = $derived(freshness(this.live, this.local));
  /** Changes once a minute: what depends on "late" is not worked out anew every second. */
  private minute = $derived(Math.floor(this.now / 60_000) * 60_000);

  people = $derived(namesOf(this.couriers ?? [], this.user));
  around = $derived({ people: this.people, zone: this.zone, now: this.minute });
  sending = $derived(onTheWay(this.batches));
  /** What the table is asked for. */
  query = $derived(askQuery(this.route, this.route));

  constructor(readonly table: TaskTable) {}

  /** Show something else. The address follows; only a change of view makes a step of the back button. */
  go(change: Partial<Route>): void {
    const next = changed(this.route, change);
    const address = formatRoute(next);
    const same = address === formatRoute(this.route);
    this.route = next;
    if (same) return;
    const way = isStep(parseRoute(location.hash), next) ? 'pushState' : 'replaceState';
    history[way](null, '', location.pathname + location.search + address);
  }

  /** The address was changed from outside: back button, or a colleague's link pasted. */
  follow(): void {
    this.route = parseRoute(location.hash);
  }

  /** The newest that is known of what is chosen, or of the row under the cursor when nothing is. */
  picked(): Picked[] {
    if (this.chosen.size === 0) {
      const row = this.table.get(this.route.task);
      return row === null ? [] : [pick(row)];
    }
    return [...this.chosen.values()].map((one) => newest(one, this.table.get(one.id)));
  }

  /** Open the sheet of a deed for these tasks. */
  begin(deed: Deed, tasks: readonly Picked[] = this.picked()): void {
    if (tasks.length > 0) this.panel = { deed: meant(deed, tasks), tasks };
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
    this.filters = [];
    this.table.forget();
    this.detail = { id: '', value: null, error: null };
    this.devices = null;
    this.chosen = NOTHING_CHOSEN;
    this.batches = [];
    this.panel = null;
    this.live = START;
  }
}
