/** The line to the server: told by the socket what changed, or asking every two seconds when there is none.
 *
 * Clock, timers and both ways of asking are handed in. One reading at a time; what is told meanwhile is read after it.
 */
import { backOff, EVERYTHING, heard, START, type Heard, type LiveState, type Look } from './model';

export interface SocketEvents {
  look(look: Look): void;
  beat(position: number): void;
  /** The connection is over, by whoever. Called once. */
  down(): void;
}

export interface LinePorts {
  now(): number;
  set(ms: number, fn: () => void): number;
  clear(id: number): void;
  hidden(): boolean;
  /** 0..1 */
  chance(): number;
  /** Connect; resolves with the way to hang up, rejects when the server cannot be reached so. */
  connect(events: SocketEvents): Promise<() => void>;
  /** What changed after a position; null = no position is known yet. */
  ask(after: number | null): Promise<Look>;
  /** Put what changed on the screen. */
  read(look: Look): Promise<void>;
  told(state: LiveState): void;
  codeOf(error: unknown): string;
}

/** Between two questions while there is no socket, ms. */
export const EVERY = 2_000;
/** A socket that says nothing for so long is dead, whatever the browser thinks, ms. The server beats every second. */
export const SILENCE = 3_500;

export class Line {
  state: LiveState = START;
  private stopped = true;
  private hangUp: (() => void) | null = null;
  private reading = false;
  /** Sockets that failed in a row. */
  private refused = 0;
  private readonly timers = new Map<'poll' | 'socket' | 'silence' | 'read', number>();
  /** Counts connections, so that a late word of an old one is not heard. */
  private round = 0;

  constructor(private readonly ports: LinePorts) {}

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.state = START;
    this.now();
    void this.dial();
  }

  stop(): void {
    this.stopped = true;
    this.round += 1;
    for (const name of [...this.timers.keys()]) this.cancel(name);
    this.hangUp?.();
    this.hangUp = null;
  }

  /** Read everything again now. */
  now(): void {
    if (this.stopped) return;
    this.put({ ...this.state, unread: { ...EVERYTHING, position: this.state.position ?? 0 } });
    void this.catchUp();
  }

  /** The page was hidden or shown. Nothing is read for a page nobody sees. */
  seen(): void {
    if (this.stopped || this.ports.hidden()) return;
    if (this.hangUp === null) {
      this.later('poll', 0, () => void this.poll());
      this.later('socket', 0, () => void this.dial());
    }
    void this.catchUp();
  }

  private async dial(): Promise<void> {
    if (this.stopped || this.hangUp !== null) return;
    this.cancel('socket');
    const round = ++this.round;
    const mine = () => !this.stopped && round === this.round;
    try {
      const hangUp = await this.ports.connect({
        look: (look) => mine() && this.socketSaid({ is: 'look', look, now: this.ports.now() }),
        beat: (position) => mine() && this.socketSaid({ is: 'beat', position, now: this.ports.now() }),
        down: () => mine() && this.lost(),
      });
      if (!mine()) return hangUp();
      this.hangUp = hangUp;
      this.cancel('poll');
      this.tell({ is: 'up' });
      this.watch();
    } catch {
      if (mine()) this.lost();
    }
  }

  private socketSaid(event: Heard): void {
    this.refused = 0;
    this.watch();
    this.tell(event);
    void this.catchUp();
  }

  private watch(): void {
    this.later('silence', SILENCE, () => this.lost());
  }

  /** No socket: ask instead, and try to get one back. */
  private lost(): void {
    this.round += 1;
    this.hangUp?.();
    this.hangUp = null;
    this.cancel('silence');
    this.refused += 1;
    this.tell({ is: 'down' });
    this.later('socket', backOff(this.refused, this.ports.chance()), () => void this.dial());
    if (!this.timers.has('poll')) this.later('poll', 0, () => void this.poll());
  }

  private async poll(): Promise<void> {
    if (this.stopped || this.hangUp !== null || this.ports.hidden()) return;
    let wait = EVERY;
    try {
      const begun = this.ports.now();
      const look = await this.ports.ask(this.state.position);
      if (this.stopped || this.hangUp !== null) return;
      this.tell({ is: 'polling' });
      this.tell({ is: 'look', look, now: begun });
      void this.catchUp();
    } catch (error) {
      if (this.stopped) return;
      this.tell({ is: 'failed', code: this.ports.codeOf(error) });
      wait = backOff(this.state.failures, this.ports.chance());
    }
    this.later('poll', wait, () => void this.poll());
  }

  /** Reads until nothing told is unread. */
  private async catchUp(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    this.cancel('read');
    try {
      while (!this.stopped && this.state.unread !== null && !this.ports.hidden()) {
        const took = this.state.unread;
        const begun = this.ports.now();
        await this.ports.read(took);
        this.tell({ is: 'read', begun, took });
      }
    } catch (error) {
      this.tell({ is: 'failed', code: this.ports.codeOf(error) });
      const wait = backOff(this.state.failures, this.ports.chance());
      if (!this.stopped) this.later('read', wait, () => void this.catchUp());
    } finally {
      this.reading = false;
    }
  }

  private tell(event: Heard): void {
    if (!this.stopped) this.put(heard(this.state, event));
  }

  private put(state: LiveState): void {
    this.state = state;
    this.ports.told(state);
  }

  private later(name: 'poll' | 'socket' | 'silence' | 'read', ms: number, fn: () => void): void {
    this.cancel(name);
    const id = this.ports.set(ms, () => {
      this.timers.delete(name);
      fn();
    });
    this.timers.set(name, id);
  }

  private cancel(name: 'poll' | 'socket' | 'silence' | 'read'): void {
    const id = this.timers.get(name);
    if (id !== undefined) this.ports.clear(id);
    this.timers.delete(name);
  }
}
