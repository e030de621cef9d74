/**
 * What the screens see of the engine: a reactive mirror, read again after every change. Nothing here is stored and
 * nothing decided; screens write through their own actions.ts.
 */
import type {
  Draft,
  BlobInput,
  Engine,
  Envelope,
  Identity,
  NewsView,
  NoticeView,
  OutboxItem,
  ShiftView,
  SyncStatus,
  TaskRow,
  TaskView,
} from '../engine';
import { dayKey } from '../ui/format';
import { language } from '../ui/i18n.svelte';
import { painted, rested } from '../ui/painted';
import { arranged } from './order/model';
import { own } from './order/own.svelte';
import { share } from './share';

const TICK = 15_000;

export class Session {
  identity = $state.raw<Identity | null>(null);
  tasks = $state.raw<TaskView[]>([]);
  outbox = $state.raw<OutboxItem[]>([]);
  notices = $state.raw<NoticeView[]>([]);
  /** What others changed on the road and nobody has acknowledged. */
  news = $state.raw<NewsView[]>([]);
  shift = $state.raw<ShiftView | null>(null);
  status = $state.raw<SyncStatus | null>(null);
  /** False until the local store has been read once. */
  ready = $state(false);
  /** Set when nothing can be recorded: this browser refuses us a local store, or holds one of a newer app (a rollback). */
  broken = $state<'broken' | 'outdated' | null>(null);
  /** What this phone's clock says, ms; moves every 15 s. What this phone has recorded itself bears its time. */
  clock = $state(0);
  /** A round that is made up: nothing of it is kept or sent. */
  practice = $state(false);
  /** Set when a newer version waits; calling it loads the page again. */
  update = $state.raw<(() => void) | null>(null);
  #engine: Engine | null = null;
  /** The real one, while another stands in for it. */
  #real: Engine | null = null;
  #reading: Promise<void> | null = null;
  #again = false;
  /** Until the word that something is saved is on the screen: what it changes is drawn after it. */
  #word: Promise<void> | null = null;

  get engine(): Engine {
    if (!this.#engine) throw new Error('the session has no engine yet');
    return this.#engine;
  }

  /** By how much this phone's clock is wrong, as far as the server has said it; 0 where it is good enough. ms. */
  get wrong(): number {
    return this.status?.clockWrong ?? 0;
  }

  /** The time of day as the station has it, ms: for windows, "minutes left", "last heard", and which day it is (P35). */
  get now(): number {
    return this.clock + this.wrong;
  }

  get zone(): string {
    return this.identity?.station.timezone ?? 'Asia/Shanghai';
  }

  /** Starts mirroring. `clock` answers ms since the epoch. Resolves when the first screen can be drawn. */
  async attach(engine: Engine, clock: () => number): Promise<void> {
    this.#engine = engine;
    this.clock = clock();
    setInterval(() => (this.clock = clock()), TICK);
    engine.subscribe(() => void this.refresh());
    await this.refresh();
    this.ready = true;
    // The list is there before the line and the disk are busy with news.
    await rested();
    engine.start();
  }

  /** Shows the made-up round of another engine until `endPractice`; the real engine goes on sending. */
  async practise(engine: Engine): Promise<void> {
    this.#real ??= this.#engine;
    this.#engine = engine;
    this.practice = true;
    engine.subscribe(() => void this.refresh());
    await this.#anew();
  }

  async endPractice(): Promise<void> {
    if (!this.#real) return;
    this.#engine?.close();
    this.#engine = this.#real;
    this.#real = null;
    this.practice = false;
    await this.#anew();
  }

  async #anew(): Promise<void> {
    Object.assign(this, { tasks: [], outbox: [], notices: [], news: [], shift: null });
    await this.refresh();
  }

  /** Reads everything once; calls that come meanwhile are answered by one more reading. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    do {
      this.#again = false;
      const { engine } = this;
      // All in one turn: the engine looks once.
      const [status, tasks, outbox, notices, news, shift] = await Promise.all([
        engine.status(),
        engine.today(),
        engine.outbox(),
        engine.notices(),
        engine.news(),
        engine.shift(),
      ]);
      const identity = engine.identity();
      await this.#word;
      if (!identity) {
        Object.assign(this, { identity, status });
        continue;
      }
      Object.assign(this, { identity, status, notices, news, shift });
      own.follow(identity.user.id, dayKey(this.now, this.zone), !this.practice);
      this.tasks = share(this.tasks, arranged(tasks, own.ids), (view) => view.task.id);
      this.outbox = share(this.outbox, outbox, (item) => item.op_id);
      if (!language.chosen) language.set(identity.user.lang, false);
    } while (this.#again);
  }

  /** Saves. The engine tells of it, so the store is looked at by itself, after the word that follows here is on the screen. */
  async submit(drafts: Draft[], blobs: BlobInput[] = [], shown: TaskRow[] = []): Promise<Envelope[]> {
    const saved = await this.engine.submit(drafts, blobs, shown);
    this.#word = painted().then(() => void (this.#word = null));
    return saved;
  }

  /** Until what was saved is said on the screen, and the screen that follows knows of it. */
  async said(): Promise<void> {
    await this.#word;
    await this.#reading;
  }
}

export const session = new Session();
