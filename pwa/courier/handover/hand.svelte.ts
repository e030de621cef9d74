/**
 * One hand-over in progress. It outlives the screen, so that a look at the list in between loses nothing; the code lives in memory
 * alone, and is gone with the app, with "done" and with the shift.
 */
import { play } from '../../device/sound';
import type { TaskRow, TaskView } from '../../engine';
import { guarded } from '../saved';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import { tail } from '../words';
import {
  againstReceipt,
  againstTaking,
  codeOf,
  collect,
  givable,
  given,
  missingOf,
  offerOf,
  receiptOf,
  settledBy,
  strange,
  taken,
  type Code,
  type Collected,
  type Here,
  type Offer,
  type Person,
  type Receipt,
  type Refusal,
} from './model';

export type Step = 'start' | 'badge' | 'choose' | 'show' | 'given' | 'scan' | 'check' | 'receipt';

class Hand {
  step = $state<Step>('start');
  chosen = $state.raw<ReadonlySet<string>>(new Set());
  /** What this handheld shows. */
  offer = $state.raw<Offer | null>(null);
  /** What a colleague's shows; `without` is what the taker does not hold. */
  incoming = $state.raw<Offer | null>(null);
  without = $state.raw<ReadonlySet<string>>(new Set());
  receipt = $state.raw<Receipt | null>(null);
  collected = $state.raw<Collected | null>(null);
  /** The colleague whose code was read last: whom the parcels went to, when there is no receipt. */
  colleague = $state.raw<Person | null>(null);
  result = $state.raw<{ to: Person; n: number; kept: TaskView[]; receipt: boolean } | null>(null);
  refusal = $state.raw<{ why: Refusal; code: Code | null } | null>(null);
  /** A label that is on nobody's list here. */
  stranger = $state('');
  camera = $state(false);
  busy = $state(false);
  #whose: string | null = null;

  /** Of what a colleague's shows, what is not on this list already. */
  get offered(): TaskRow[] {
    const mine = new Set(session.tasks.map((view) => view.task.id));
    return this.incoming?.rows.filter((row) => !mine.has(row.task.id)) ?? [];
  }

  get held(): TaskRow[] {
    return this.offered.filter((row) => !this.without.has(row.task.id));
  }

  /** In the station's time: two phones compare it, and the clock of one may be wrong. */
  get here(): Here {
    const { shift, wrong, now, tasks } = session;
    const began = shift?.started_at ? { ...shift, started_at: shift.started_at + wrong } : shift;
    return { me: session.engine.identity()!, shift: began, now, tasks };
  }

  go(step: Step): void {
    Object.assign(this, { step, collected: null, refusal: null, stranger: '', camera: step === 'scan' });
  }

  /** A hand-over of another courier's is nobody's any more, and nothing is given when the shift is over. */
  resume(): void {
    const me = session.identity?.user.id ?? null;
    if (me !== this.#whose || (this.offer !== null && session.shift?.status !== 'open')) this.end();
    this.#whose = me;
  }

  /** From a task: it is chosen beside what was chosen before, and other hand-overs in progress are over. */
  begin(id: string): void {
    this.resume();
    const before = this.step === 'choose' ? this.chosen : new Set<string>();
    this.end();
    this.turn([...before, id], true);
    this.go('choose');
  }

  /** Nothing of anybody's parcels stays in memory. */
  end(): void {
    const empty = new Set<string>();
    Object.assign(this, { chosen: empty, offer: null, incoming: null, without: empty, receipt: null, result: null });
    this.colleague = null;
    this.go('start');
  }

  turn(ids: readonly string[], on: boolean): void {
    this.chosen = turned(this.chosen, ids, on);
  }

  leave(id: string, out: boolean): void {
    this.without = turned(this.without, [id], out);
  }

  show(): void {
    const tasks = givable(session.tasks).filter((view) => this.chosen.has(view.task.id));
    if (tasks.length === 0) return;
    this.offer = offerOf(this.here, tasks);
    this.go('show');
  }

  /** A code that came in while the screen is open: a frame, or a label to choose by. None goes on to the scanner. */
  take(code: string): boolean {
    const next = collect(this.collected, code);
    if (next === null) {
      if (this.step === 'choose') void this.#choose(code);
      else if (this.step === 'show' || this.step === 'scan') this.#refuse('unreadable', null);
      else return false;
      return true;
    }
    if (this.step !== 'show' && this.step !== 'scan') return true;
    this.collected = next;
    this.refusal = null;
    if (missingOf(next).length > 0) return true;
    this.collected = null;
    const said = codeOf(next);
    if (said === 'unreadable') this.#refuse(said, null);
    else this.#hear(said);
    return true;
  }

  #hear(code: Code): void {
    const why = strange(code, this.here);
    if (why !== null) return this.#refuse(why, code);
    this.colleague = code.by;
    if (code.kind === 'badge' && this.step === 'show') return play('duplicate', settings.volume);
    if (code.kind === 'offer' && this.step === 'scan') return this.#offered(code);
    if (code.kind === 'receipt' && this.step === 'show') return this.#confirmed(code);
    this.#refuse('notNow', code);
  }

  #offered(offer: Offer): void {
    const why = againstTaking(offer, this.here);
    if (why === 'twice') {
      // The giver may have missed the receipt: it is shown again.
      this.#refuse(why, offer);
      this.receipt = receiptOf(offer, this.here);
      this.incoming = offer;
      return;
    }
    if (why !== null) return this.#refuse(why, offer);
    this.check(offer);
  }

  check(offer: Offer): void {
    this.incoming = offer;
    this.without = new Set();
    this.go('check');
    play('mine', settings.volume);
  }

  #confirmed(receipt: Receipt): void {
    if (this.offer === null) return;
    const why = againstReceipt(receipt, this.here, this.offer);
    if (why !== null) return this.#refuse(why, receipt);
    const { gone, kept } = settledBy(receipt, session.tasks, this.offer);
    void this.#give(gone, kept, receipt.by, true);
  }

  /** The giver says so himself: all that he shows. */
  async byHand(to: Person): Promise<void> {
    const shown = new Set(this.offer?.rows.map((row) => row.task.id));
    await this.#give(
      givable(session.tasks).filter((view) => shown.has(view.task.id)),
      [],
      to,
      false,
    );
  }

  async #give(gone: TaskView[], kept: TaskView[], to: Person, receipt: boolean): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    if (await guarded(() => session.submit(given(gone, to.id)))) {
      play('saved', settings.volume);
      this.end();
      this.result = { to, n: gone.length, kept, receipt };
      this.go('given');
    }
    this.busy = false;
  }

  /** All in one transaction, with what the list needs to show them (P7). */
  async accept(): Promise<void> {
    const offer = this.incoming;
    if (offer === null || this.busy) return;
    this.busy = true;
    const rows = this.held;
    if (rows.length > 0 && (await guarded(() => session.submit(taken(rows, offer.by.id), [], rows)))) {
      play('saved', settings.volume);
      this.receipt = receiptOf(offer, this.here);
      this.go('receipt');
    }
    this.busy = false;
  }

  async #choose(raw: string): Promise<void> {
    const { understand } = await import('../../device/codes/reading');
    const { numbers, code } = understand(raw);
    const found = givable(session.tasks).find((view) => numbers.includes(view.parcel.waybill));
    this.stranger = found ? '' : tail(code);
    if (found) this.turn([found.task.id], true);
    play(found ? 'mine' : 'unknown', settings.volume);
  }

  #refuse(why: Refusal, code: Code | null): void {
    this.refusal = { why, code };
    play(why === 'twice' ? 'duplicate' : 'other_route', settings.volume);
  }
}

function turned(set: ReadonlySet<string>, ids: readonly string[], on: boolean): ReadonlySet<string> {
  return new Set(on ? [...set, ...ids] : [...set].filter((id) => !ids.includes(id)));
}

export const hand = new Hand();
