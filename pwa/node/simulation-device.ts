/**
 * One simulated handheld: its storage, its running app (two tabs at times), and everything the app waits for. Nothing here
 * moves by itself: tasks, timers and answers lie in queues until the simulator asks for the next step.
 */
import { IDBFactory } from 'fake-indexeddb';

import {
  createEngine,
  EnrolError,
  SubmitError,
  type BlobInput,
  type Draft,
  type Engine,
  type RescueFile,
} from '../engine';
import { syncOnce } from '../engine/once';
import '../engine/submit';
import type { HttpAnswer, HttpRequest, Platform } from '../platform';
import { queue, virtualPlatform, type VirtualPlatform } from './platform';
import { webLocks } from './simulation-locks';
import { BUGS } from './simulation-planted';
import { image, killed, progress, turnBack, type Image } from './simulation-storage';

export const DATABASE = 'handheld';

/** The service worker, which has no window: a tab like any other to whoever waits for it. */
const WORKER = 'worker';
const APP = 'simulation/1';

interface Waiting {
  tab: string;
  resolve(answer: HttpAnswer): void;
  reject(error: Error): void;
}

interface Timer {
  tab: string;
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
type WireRescue = Pick<RescueFile, 'packages'> & {
  proofs: (Omit<RescueFile['proofs'][number], 'bytes'> & { base64: string })[];
};

const VERBS: Record<string, Verb> = {
  enrol: (engine, { code }: { code: string }) => engine.enrol(code),
  logIn: (engine, { code }: { code: string }) => engine.logIn(code),
  logOut: (engine) => engine.logOut(),
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
  verdict: async (engine, { code, task }: { code: string; task: string }) => {
    const said = await engine.verdict(code);
    const own = (await engine.task(task)) !== null;
    return { verdict: said.verdict, age: said.manifest_age_ms, route: said.route ?? null, own };
  },
  rescue: async (engine) => {
    const { proofs, ...file } = await engine.rescue();
    return {
      ...file,
      proofs: proofs.map(({ bytes, ...proof }) => ({ ...proof, base64: Buffer.from(bytes).toString('base64') })),
    };
  },
  carry: (engine, { packages, proofs }: WireRescue) =>
    engine.carry({
      packages,
      proofs: proofs.map(({ base64, ...proof }) => ({
        ...proof,
        bytes: new Uint8Array(Buffer.from(base64, 'base64')),
      })),
    }),
  // What the screens that start and close a shift know: where, what is counted, and whether there is one to close.
  shift: async (engine) => {
    const [{ entity, status, cash_minor }, { recorded, confirmed, waiting }] = [
      await engine.shift(),
      await engine.receipt(),
    ];
    return {
      station: engine.identity()?.station.id ?? null,
      open: status === 'open' ? entity : null,
      counts: { recorded, confirmed, waiting, cash_minor },
    };
  },
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
  private readonly frozen = new Set<string>();
  private unheard: (() => void)[] = [];
  private locks: Platform['locks'];
  private count = 0;
  private wall = 0;
  private elapsed = 0;

  constructor(
    private readonly seed: string,
    private readonly bug: string | null,
    /** Whether a service worker will be woken: then the locks are such as a browser keeps them, and can be stolen. */
    private readonly hasWorker: boolean,
  ) {
    this.locks = this.shared();
  }

  setClock(wall: number, elapsed: number): void {
    this.wall = wall;
    this.elapsed = elapsed;
    this.tabs.forEach(({ platform }) => platform.setNow(wall, elapsed));
  }

  /** Starts the app, or another tab of it; `alone` gives the tab a lock nobody shares, as where Web Locks are missing. */
  open(tab: string, alone: boolean): void {
    const virtual = this.virtual(tab, this.life);
    const opened: Tab = { platform: virtual, engine: null };
    this.tabs.set(tab, opened);
    const platform = this.platform(virtual, tab, alone ? { run: queue() } : this.locks);
    void createEngine(platform, { baseUrl: '', app: APP }).then((engine) => {
      opened.engine = engine;
      engine.start();
    });
  }

  /**
   * The service worker syncs once beside the tabs; `frozen`: they are hidden, and hear and do nothing before it is through or
   * somebody looks at them again.
   */
  wakeWorker(id: number, frozen: boolean): void {
    const virtual = this.virtual(WORKER, (this.count += 1));
    if (frozen) [...this.tabs.keys()].forEach((tab) => this.frozen.add(tab));
    this.tabs.set(WORKER, { platform: virtual, engine: null });
    const life = this.life;
    void syncOnce(this.platform(virtual, WORKER, this.locks), { baseUrl: '', app: APP }).then((value) => {
      if (life !== this.life) return;
      this.tabs.delete(WORKER);
      this.thaw();
      this.said.push({ id, value });
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
    if (what === 'visible') this.thaw();
    this.listeners.get(what)?.forEach((listen) => listen());
  }

  /** Gives a request its answer, or none. Those of an earlier life are unknown here. */
  answer(id: string, answer: HttpAnswer | null): void {
    const waiting = this.requests.get(id);
    if (waiting && this.frozen.has(waiting.tab)) {
      this.unheard.push(() => this.answer(id, answer));
      return;
    }
    this.requests.delete(id);
    if (answer) waiting?.resolve(answer);
    else waiting?.reject(new Error('no network'));
  }

  /** The next timer that is due, taken out; null when there is none. */
  dueTimer(): (() => void) | null {
    let first: [number, Timer] | null = null;
    for (const one of this.timers) {
      if (!this.frozen.has(one[1].tab) && (first === null || one[1].due < first[1].due)) first = one;
    }
    if (!first || first[1].due > this.elapsed) return null;
    this.timers.delete(first[0]);
    return first[1].fire;
  }

  nextTimer(): number | null {
    const due = [...this.timers.values()].filter(({ tab }) => !this.frozen.has(tab)).map((timer) => timer.due);
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
    this.frozen.clear();
    this.unheard = [];
    this.locks = this.shared();
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

  private shared(): Platform['locks'] {
    return this.hasWorker ? webLocks() : { run: queue() };
  }

  private thaw(): void {
    this.frozen.clear();
    const unheard = this.unheard;
    this.unheard = [];
    unheard.forEach((hear) => hear());
  }

  private virtual(tab: string, starts: number): VirtualPlatform {
    const { factory, wall: now } = this;
    const virtual = virtualPlatform({ name: DATABASE, seed: `${this.seed}/${tab}`, starts, now, factory });
    virtual.setNow(this.wall, this.elapsed);
    return virtual;
  }

  private platform(virtual: VirtualPlatform, tab: string, locks: Platform['locks']): Platform {
    const life = this.life;
    const transport = (request: HttpRequest): Promise<HttpAnswer> => this.send(tab, request);
    const bug = this.bug === null ? undefined : BUGS[this.bug];
    return {
      ...virtual,
      fetch: bug ? bug(transport, () => ({ factory: this.factory, name: DATABASE })) : transport,
      locks,
      signals: { onOnline: (fn) => this.listen('online', fn), onVisible: (fn) => this.listen('visible', fn) },
      timers: {
        set: (ms, fn) => {
          const id = (this.count += 1);
          this.timers.set(id, { tab, due: this.elapsed + ms, fire: () => (life === this.life ? fn() : undefined) });
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

  private send(tab: string, { method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const id = `${this.life}.${(this.count += 1)}`;
    this.sent.push({ id, method, path, headers, body: Buffer.from(body ?? []).toString('base64') });
    return new Promise((resolve, reject) => this.requests.set(id, { tab, resolve, reject }));
  }
}

function nameOf(error: unknown): string {
  if (error instanceof SubmitError) return error.problems.map((problem) => problem.code).join(',');
  return error instanceof EnrolError ? error.code : String(error);
}
