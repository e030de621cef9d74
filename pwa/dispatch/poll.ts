/** When the desk asks again, and how old what it shows is. The clock and the timers are handed in. */

export interface PollPorts {
  now(): number;
  set(ms: number, fn: () => void): number;
  clear(id: number): void;
  hidden(): boolean;
}

export type Freshness = 'never' | 'fresh' | 'ageing' | 'offline';

export interface PollState {
  /** Desk's clock at the start of the last request that was answered, null = nothing shown yet. */
  heard: number | null;
  /** Failures in a row. */
  failures: number;
  /** Problem code of the last failure, null after a success. */
  error: string | null;
  paused: boolean;
}

/** Time between two questions, ms. */
export const EVERY = 3_000;
const SLOWEST = 30_000;
/** A slow answer (thousands of rows, thin line) stretches the interval, so that asking never fills the line. */
const REST = 4;

/** Wait before the next question. `took`: ms the last one needed. */
export function pause(failures: number, took: number): number {
  if (failures > 0) return Math.min(SLOWEST, EVERY * 2 ** Math.min(failures - 1, 5));
  return Math.min(SLOWEST, Math.max(EVERY, took * REST));
}

/** A miss or two is ordinary; the word "offline" comes when the age starts to matter. */
export function freshness(state: PollState, now: number): Freshness {
  if (state.heard === null) return state.failures > 0 ? 'offline' : 'never';
  const age = now - state.heard;
  if (state.failures > 1 || (state.failures > 0 && age > 2 * EVERY)) return 'offline';
  return age > 5 * EVERY ? 'ageing' : 'fresh';
}

/** Asks in a circle: never two questions at once, none while the page is hidden, at once when it comes back. */
export class Poller {
  private timer: number | null = null;
  private running = false;
  private again = false;
  private stopped = true;
  state: PollState = { heard: null, failures: 0, error: null, paused: false };

  constructor(
    private readonly ports: PollPorts,
    private readonly ask: () => Promise<void>,
    private readonly told: (state: PollState) => void,
    private readonly codeOf: (error: unknown) => string,
  ) {}

  start(): void {
    this.stopped = false;
    void this.now();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** The page was hidden or shown. */
  seen(): void {
    if (this.stopped) return;
    if (this.ports.hidden()) {
      this.drop();
      this.put({ paused: true });
    } else {
      this.put({ paused: false });
      void this.now();
    }
  }

  /** Ask at once. When a question is under way, one more follows it: what it answers may be older than the wish. */
  async now(): Promise<void> {
    if (this.stopped) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.drop();
    this.running = true;
    const begun = this.ports.now();
    try {
      await this.ask();
      this.put({ heard: begun, failures: 0, error: null });
    } catch (error) {
      this.put({ failures: this.state.failures + 1, error: this.codeOf(error) });
    } finally {
      this.running = false;
      this.next(this.ports.now() - begun);
    }
  }

  private next(took: number): void {
    if (this.stopped || this.ports.hidden()) return;
    const wait = this.again ? 0 : pause(this.state.failures, took);
    this.again = false;
    this.timer = this.ports.set(wait, () => void this.now());
  }

  private drop(): void {
    if (this.timer !== null) this.ports.clear(this.timer);
    this.timer = null;
  }

  private put(change: Partial<PollState>): void {
    this.state = { ...this.state, ...change };
    this.told(this.state);
  }
}
