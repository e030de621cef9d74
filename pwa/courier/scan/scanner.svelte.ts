/**
 * The one way a code comes in, over any screen: verdict first (sound, colour, word), then the record of the scan,
 * then the screen that follows. Scans are taken one after the other, so a quick second one of the same parcel is
 * judged with the first one known.
 */
import { alarm, play } from '../../device/sound';
import { router } from '../router.svelte';
import { guarded } from '../saved';
import { session } from '../session.svelte';
import { settings } from '../settings.svelte';
import type { Route } from '../route';
import { keep, leaves, recordScan, screenAfter, stay, type Shown, type Source } from './model';

class Scanner {
  /** The sheet for typing a number and for the last verdicts. */
  open = $state(false);
  last = $state.raw<Shown[]>([]);
  /** The verdict over the screen just now. */
  current = $state.raw<Shown | null>(null);
  #next = 1;
  #queue: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: (() => void) | null = null;
  /** The screen the verdict belongs to. */
  #place: Route | null = null;

  show(): void {
    this.open = true;
  }

  hide(): void {
    this.open = false;
  }

  read(code: string, source: Source): Promise<unknown> {
    this.#queue = this.#queue.then(() => this.#take(code.trim(), source)).catch(() => undefined);
    return this.#queue;
  }

  /** Takes the verdict off the screen; for a recalled parcel this is the acknowledgement. */
  dismiss(): void {
    clearTimeout(this.#timer);
    this.#silence?.();
    this.#silence = null;
    this.current = null;
  }

  /** The courier went to another screen: a verdict over it would hide the customer's request there. */
  moved(here: Route): void {
    if (this.current && this.#place && leaves(this.current.verdict, this.#place, here)) this.dismiss();
  }

  async #take(code: string, source: Source): Promise<void> {
    if (!code || !session.identity) return;
    const seen = await session.engine.verdict(code);
    this.#announce({ ...seen, id: this.#next++, at: session.now });
    const recorded = await guarded(() => session.engine.submit([recordScan(seen, code, source)]));
    const route = screenAfter(seen, router.current);
    if (recorded && route) {
      // The screen this very scan leads to keeps its verdict.
      this.#place = route;
      router.go(route);
      this.hide();
    }
  }

  #announce(shown: Shown): void {
    const recalledBefore = this.current?.verdict === 'recalled' && this.#silence !== null;
    this.last = keep(this.last, shown);
    if (recalledBefore) return;
    this.dismiss();
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

export const scanner = new Scanner();
