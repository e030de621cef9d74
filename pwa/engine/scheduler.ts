/** When the engine syncs by itself: at start, after a submit, on signals, and by a plan that survives a restart (P12). */
import { pollDelay, retryPlan, REVOKED_MS } from './backoff';
import type { Context } from './context';
import type { SyncOutcome } from './types';

/** Operations of one tap, and of the next, travel together. */
const SOON_MS = 250;

export class Scheduler {
  private timer: number | null = null;
  private running = false;
  /** The network or the person is back and no sync has begun since: one that runs may yet fail of what was before. */
  private heard = false;
  private unsubscribe: (() => void)[] = [];

  constructor(
    private readonly ctx: Context,
    private readonly sync: () => Promise<SyncOutcome>,
  ) {}

  /** Starting what runs already asks for a sync now: so does a handheld that has just been enrolled. */
  start(): void {
    if (!this.running) this.listen();
    this.running = true;
    void this.later(0);
  }

  stop(): void {
    this.running = false;
    this.unsubscribe.forEach((off) => off());
    this.unsubscribe = [];
    this.cancel();
  }

  private listen(): void {
    const { signals } = this.ctx.platform;
    if (signals) this.unsubscribe = [signals.onOnline(() => this.signal()), signals.onVisible(() => this.signal())];
  }

  /** Something is waiting: go soon, unless a failure has told us to wait. */
  wake(): void {
    if (this.running) void this.later(SOON_MS);
  }

  /** The network or the person is back: what was only our own caution is dropped, what the server asked for is kept. */
  private signal(): void {
    this.ctx.changed();
    this.heard = true;
    void this.later(0);
  }

  private async later(ms: number): Promise<void> {
    const { at, floor } = await retryPlan(this.ctx);
    if (!this.running) return;
    // A clock that was set back must not postpone the next try for days.
    this.set(Math.min(Math.max((this.heard ? floor : at) - this.ctx.platform.now(), ms), REVOKED_MS));
  }

  private set(ms: number): void {
    this.cancel();
    this.timer = this.ctx.platform.timers.set(ms, () => void this.tick());
  }

  private cancel(): void {
    if (this.timer !== null) this.ctx.platform.timers.clear(this.timer);
    this.timer = null;
  }

  private async tick(): Promise<void> {
    this.timer = null;
    // What was submitted while a sync ran may have missed it: ask again when it is over.
    if (this.ctx.syncing) return this.later(SOON_MS);
    this.heard = false;
    const outcome = await this.sync();
    if (!this.running || this.timer !== null) return;
    // A failure has made a plan of its own; a handheld nobody has enrolled yet has not failed, and must not ask without end.
    const calm = outcome.ok || outcome.code === 'not_enrolled';
    if (!calm) this.ctx.platform.signals?.askToWake?.();
    await this.later(calm && !this.heard ? pollDelay(this.ctx) : 0);
  }
}
