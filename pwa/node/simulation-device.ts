/**
 * One simulated handheld: its storage, its running app (two tabs at times), and everything the app waits for. Nothing here
 * moves by itself: tasks, timers and answers lie in queues until the simulator asks for the next step.
 */
import { IDBFactory } from 'fake-indexeddb';

import { createEngine, EnrolError, SubmitError, type BlobInput, type Draft, type Engine } from '../engine';
import type { HttpAnswer, HttpRequest, Platform } from '../platform';
import { queue, virtualPlatform, type VirtualPlatform } from './platform';
import { BUGS } from './simulation-planted';
import { image, killed, progress, turnBack, type Image } from './simulation-storage';

export const DATABASE = 'handheld';

interface Waiting {
  resolve(answer: HttpAnswer): void;
  reject(error: Error): void;
}

interface Timer {
  due: number;
  fire: () => void;
}

/** A request on its way out, with the body as base64. */
export interface Sent {
  id: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** What became of a call: `error` names what the engine threw. */
export interface Said {
  id: number;
  value?: unknown;
  error?: string;
}

interface Tab {
  platform: VirtualPlatform;
  engine: Engine | null;
}

type Verb = (engine: Engine, args: never) => unknown;
type WireBlob = Omit<BlobInput, 'bytes'> & { base64: string };

const VERBS: Record<string, Verb> = {
  enrol: (engine, { code }: { code: string }) => engine.enrol(code),
  submit: async (engine, { drafts, blobs }: { drafts: Draft[]; blobs: WireBlob[] }) => {
    const proofs = blobs.map(({ base64, ...blob }) => ({
      ...blob,
      bytes: new Uint8Array(Buffer.from(base64, 'base64')),
    }));
    return (await engine.submit(drafts, proofs)).map(({ op_id, type, entity, at }) => ({ op_id, type, entity, at }));
  },
  start: (engine) => engine.start(),
  sync: (engine) => engine.sync(),
  status: (engine) => engine.status(),
  // What a courier sees of his list, without what he does not decide by.
  today: async (engine) =>
    (await engine.today()).map(({ task, parcel, customer, obligation }) => ({
      id: task.id,
      kind: task.kind,
      status: task.status,
      cancelled: task.cancelled !== null,
      customer: customer.id,
      waybill: parcel.waybill,
      requests: customer.requests.map((request) => request.id),
      due: obligation?.status === 'due' ? obligation.amount_minor : 0,
    })),
};

export class Device {
  /** How often the app was started; whatever comes from an earlier life means nothing any more. */
  life = 0;
  tasks: (() => void)[] = [];
  sent: Sent[] = [];
  said: Said[] = [];
  noted: string[] = [];
  factory = new IDBFactory();
  private readonly images = new Map<string, Image>();
  private readonly tabs = new Map<string, Tab>();
  private readonly timers = new Map<number, Timer>();
  private readonly requests = new Map<string, Waiting>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private locks: Platform['locks']['run'] = queue();
  private count = 0;
  private wall = 0;
  private elapsed = 0;

  constructor(
    private readonly seed: string,
    private readonly bug: string | null,
  ) {}

  setClock(wall: number, elapsed: number): void {
    this.wall = wall;
    this.elapsed = elapsed;
    this.tabs.forEach(({ platform }) => platform.setNow(wall, elapsed));
  }

  /** Starts the app, or another tab of it; `alone` gives the tab a lock nobody shares, as where Web Locks are missing. */
  open(tab: string, alone: boolean): void {
    const virtual = virtualPlatform({
      name: DATABASE,
      seed: `${this.seed}/${tab}`,
      starts: this.life,
      now: this.wall,
      factory: this.factory,
    });
    virtual.setNow(this.wall, this.elapsed);
    const opened: Tab = { platform: virtual, engine: null };
    this.tabs.set(tab, opened);
    const platform = this.platform(virtual, alone ? queue() : this.locks);
    void createEngine(platform, { baseUrl: '', app: 'simulation/1' }).then((engine) => {
      opened.engine = engine;
      engine.start();
    });
  }

  closeTab(tab: string): void {
    this.tabs.get(tab)?.engine?.close();
    this.tabs.delete(tab);
  }

  call(id: number, tab: string, verb: string, args: unknown): void {
    const engine = this.tabs.get(tab)?.engine;
    if (!engine) {
      this.said.push({ id, error: 'closed' });
      return;
    }
    Promise.resolve()
      .then(() => (VERBS[verb] as Verb)(engine, args as never))
      .then((value) => this.said.push({ id, value: value ?? null }))
      .catch((error: unknown) => this.said.push({ id, error: nameOf(error) }));
  }

  /** The network is back (`online`), or somebody looks at the app again (`visible`). */
  signal(what: string): void {
    this.listeners.get(what)?.forEach((listen) => listen());
  }

  /** Gives a request its answer, or none. Those of an earlier life are unknown here. */
  answer(id: string, answer: HttpAnswer | null): void {
    const waiting = this.requests.get(id);
    this.requests.delete(id);
    if (answer) waiting?.resolve(answer);
    else waiting?.reject(new Error('no network'));
  }

  /** The next timer that is due, taken out; null when there is none. */
  dueTimer(): (() => void) | null {
    const [first] = [...this.timers].sort((a, b) => a[1].due - b[1].due || a[0] - b[0]);
    if (!first || first[1].due > this.elapsed) return null;
    this.timers.delete(first[0]);
    return first[1].fire;
  }

  nextTimer(): number | null {
    const due = [...this.timers.values()].map((timer) => timer.due);
    return due.length ? Math.min(...due) : null;
  }

  /** What an outsider would find: how far writes have come, and how many requests are out. */
  standing(): string {
    return `${progress(this.factory, DATABASE)}/${this.requests.size}`;
  }

  /** Everything the process had in memory is gone. Answers whether a commit was half done, which fell as `kept` says. */
  kill(kept: boolean): boolean {
    const { factory, halfDone } = killed(this.factory, DATABASE, kept);
    this.factory = factory;
    this.life += 1;
    this.tasks = [];
    this.sent = [];
    this.said = [];
    this.tabs.clear();
    this.timers.clear();
    this.requests.clear();
    this.listeners.clear();
    this.locks = queue();
    return halfDone;
  }

  /** Remembers the storage of a closed app under a name. */
  keep(name: string): void {
    this.images.set(name, image(this.factory, DATABASE));
  }

  /** The storage of a closed app becomes what it once was; false when there is no such image. */
  turnBack(name: string): boolean {
    const copy = this.images.get(name);
    if (copy) turnBack(this.factory, DATABASE, copy);
    return copy !== undefined;
  }

  /** The browser has thrown the storage of a closed app away. */
  evict(): void {
    this.factory = new IDBFactory();
  }

  private platform(virtual: VirtualPlatform, lock: Platform['locks']['run']): Platform {
    const life = this.life;
    const transport = (request: HttpRequest): Promise<HttpAnswer> => this.send(request);
    const bug = this.bug === null ? undefined : BUGS[this.bug];
    return {
      ...virtual,
      fetch: bug ? bug(transport, () => ({ factory: this.factory, name: DATABASE })) : transport,
      locks: { run: lock },
      signals: { onOnline: (fn) => this.listen('online', fn), onVisible: (fn) => this.listen('visible', fn) },
      timers: {
        set: (ms, fn) => {
          const id = (this.count += 1);
          this.timers.set(id, { due: this.elapsed + ms, fire: () => (life === this.life ? fn() : undefined) });
          return id;
        },
        clear: (id) => void this.timers.delete(id),
      },
      log: (level, event) => {
        if (level !== 'debug' && life === this.life) this.noted.push(event);
      },
      failpoint: () => undefined,
    };
  }

  private listen(what: string, fn: () => void): () => void {
    const listeners = this.listeners.get(what) ?? new Set();
    this.listeners.set(what, listeners.add(fn));
    return () => void listeners.delete(fn);
  }

  private send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const id = `${this.life}.${(this.count += 1)}`;
    this.sent.push({ id, method, path, headers, body: Buffer.from(body ?? []).toString('base64') });
    return new Promise((resolve, reject) => this.requests.set(id, { resolve, reject }));
  }
}

function nameOf(error: unknown): string {
  if (error instanceof SubmitError) return error.problems.map((problem) => problem.code).join(',');
  return error instanceof EnrolError ? error.code : String(error);
}
