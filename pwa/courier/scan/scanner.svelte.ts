/**
 * The one way a code comes in, over any screen: verdict first (sound, colour, word), then the record of the scan,
 * then the screen that follows. Scans are taken one after the other, so a quick second one of the same parcel is
 * judged with the first one known; a scan of another parcel does not wait for the record of the one before.
 */
import { alarm, play, warmUp } from '../../device/sound';
import type { Reading } from '../../device/codes/reading';
import type { Engine, VerdictView } from '../../engine';
import { corrections } from '../corrections';
import { router } from '../router.svelte';
import { guarded } from '../saved';
import { session } from '../session.svelte';
import { painted } from '../../ui/painted';
import { settings } from '../settings.svelte';
import type { Route } from '../route';
import {
  keep,
  lastTaken,
  leaves,
  recordScan,
  screenAfter,
  stay,
  type Mode,
  type Shown,
  type Source,
  type Trouble,
} from './model';

/** What was read and has no number in it: said for a while, recorded nowhere. */
export interface NoNumber {
  trouble: Trouble;
  code: string;
}

const SAID_FOR = 8_000;
/** So long after the list the phone has nothing else to do, ms. */
const QUIET_BY = 1_000;
const MODE = 'doorstep.scan';

class Scanner {
  /** The screen with the camera, the field for typing and the last verdicts. */
  open = $state(false);
  mode = $state<Mode>(localStorage.getItem(MODE) === 'batch' ? 'batch' : 'single');
  last = $state.raw<Shown[]>([]);
  /** Everything scanned since the screen was opened, the newest first. */
  batch = $state.raw<Shown[]>([]);
  /** The verdict over the screen just now. */
  current = $state.raw<Shown | null>(null);
  noNumber = $state.raw<NoNumber | null>(null);
  #next = 1;
  #queue: Promise<unknown> = Promise.resolve();
  #saving: Promise<unknown> = Promise.resolve();
  /** Parcels whose last scan is not in the log yet. */
  #unsaved = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: (() => void) | null = null;
  /** Recalled parcels scanned while another one's alarm was sounding: each has its own. */
  #alarms: Shown[] = [];
  /** The screen the verdict belongs to. */
  #place: Route | null = null;

  /** Makes ready what the first scan would wait for; the sound when the screens that come with this have been drawn. */
  warmUp(): void {
    void reading('');
    setTimeout(warmUp, QUIET_BY);
  }

  show(): void {
    this.batch = [];
    this.open = true;
  }

  hide(): void {
    this.open = false;
  }

  setMode(mode: Mode): void {
    this.mode = mode;
    localStorage.setItem(MODE, mode);
  }

  read(code: string, source: Source): Promise<unknown> {
    this.#queue = this.#queue.then(() => this.#take(code, source)).catch(() => undefined);
    return this.#queue;
  }

  /** Of several codes in one picture the first that is no stranger here; null when all are. Records nothing. */
  async known(codes: readonly string[]): Promise<string | null> {
    for (const code of codes) {
      const { numbers } = await reading(code);
      if (numbers.length > 0 && (await judge(session.engine, numbers)).verdict !== 'unknown') return code;
    }
    return null;
  }

  /** Takes the verdict off the screen; for a recalled parcel this is the acknowledgement. */
  dismiss(): void {
    clearTimeout(this.#timer);
    this.#silence?.();
    this.#silence = null;
    this.current = null;
    this.noNumber = null;
    const waiting = this.#alarms.shift();
    if (waiting) this.#present(waiting);
  }

  /** The courier went to another screen: a verdict over it would hide the customer's request there. */
  moved(here: Route): void {
    if (this.current && this.#place && leaves(this.current.verdict, this.#place, here)) this.dismiss();
  }

  /** What `undoLast` would take back. */
  get undoable(): Shown | null {
    return lastTaken(this.last);
  }

  /** The scan did not happen: said by a correcting operation, nothing is deleted (P3). */
  async undoLast(): Promise<void> {
    await this.#saving;
    const slip = this.undoable;
    if (!slip || !(await guarded(() => session.submit(corrections(slip.operations))))) return;
    const undone = (list: Shown[]): Shown[] => list.map((one) => (one.id === slip.id ? { ...one, undone: true } : one));
    this.last = undone(this.last);
    this.batch = undone(this.batch);
    if (this.current?.id === slip.id) this.dismiss();
  }

  async #take(raw: string, source: Source): Promise<void> {
    if (!session.identity) return;
    // Whatever becomes of practice meanwhile: a scan is recorded where it was judged.
    const engine = session.engine;
    const { numbers, code, check, trouble } = await reading(raw);
    if (trouble) {
      this.#sayNoNumber({ trouble, code });
      return;
    }
    await guarded(async () => {
      let seen = await judge(engine, numbers);
      if (this.#unsaved.has(seen.waybill)) {
        await this.#saving;
        seen = await judge(engine, numbers);
      }
      const shown: Shown = { ...seen, id: this.#next++, at: session.now, source, check, operations: [], undone: false };
      this.#announce(shown);
      this.#save(engine, shown, code);
    });
  }

  /** Behind the verdict's back: the next parcel's does not wait for this one's record, only the same parcel's does. */
  #save(engine: Engine, shown: Shown, code: string): void {
    this.#unsaved.add(shown.waybill);
    const work = async (): Promise<void> => {
      await painted();
      const operations = await engine.submit([recordScan(shown, code, shown.source)]);
      this.#recorded(shown.id, operations);
      const carries = shown.source !== 'camera' || this.mode === 'single';
      const route = carries && this.#next === shown.id + 1 ? screenAfter(shown, router.current) : null;
      if (!route) return;
      // The screen this very scan leads to keeps its verdict.
      this.#place = route;
      router.go(route);
      this.hide();
    };
    this.#saving = this.#saving.then(() => guarded(work)).finally(() => this.#unsaved.delete(shown.waybill));
  }

  #recorded(id: number, operations: Shown['operations']): void {
    const filled = (one: Shown): Shown => (one.id === id ? { ...one, operations } : one);
    this.last = this.last.map(filled);
    this.batch = this.batch.map(filled);
    if (this.current) this.current = filled(this.current);
  }

  #sayNoNumber(said: NoNumber): void {
    play('problem', settings.volume);
    if (this.#silence) return;
    this.dismiss();
    this.noNumber = said;
    this.#timer = setTimeout(() => (this.noNumber = null), SAID_FOR);
  }

  #announce(shown: Shown): void {
    this.last = keep(this.last, shown);
    this.batch = [shown, ...this.batch];
    if (!this.#silence) {
      this.dismiss();
      this.#present(shown);
    } else if (shown.verdict === 'recalled') {
      this.#alarms.push(shown);
    }
  }

  #present(shown: Shown): void {
    this.current = shown;
    this.#place = router.current;
    if (shown.verdict === 'recalled') {
      this.#silence = alarm('recalled', settings.volume);
    } else {
      play(shown.verdict, settings.volume);
      this.#timer = setTimeout(() => this.dismiss(), stay(shown.verdict));
    }
  }
}

/** The code's meaning; where the part that knows labels could not be loaded, the code itself. */
async function reading(raw: string): Promise<Pick<Reading, 'numbers' | 'code' | 'check' | 'trouble'>> {
  try {
    const { understand } = await import('../../device/codes/reading');
    return understand(raw);
  } catch {
    const code = raw.trim().slice(0, 64);
    return { numbers: code ? [code] : [], code, check: 'none', trouble: code ? null : 'empty' };
  }
}

/** The first of the numbers that anything is known of: what is on the own list is on it, whatever its check digit says. */
async function judge(engine: Engine, numbers: readonly string[]): Promise<VerdictView> {
  const [likeliest = '', ...others] = numbers;
  const first = await engine.verdict(likeliest);
  if (first.verdict !== 'unknown') return first;
  for (const number of others) {
    const seen = await engine.verdict(number);
    if (seen.verdict !== 'unknown') return seen;
  }
  return first;
}

export const scanner = new Scanner();
