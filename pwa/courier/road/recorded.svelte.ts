import type { Envelope } from '../../engine';
import { session } from '../session.svelte';

/** What was recorded since a moment, while a screen shows it: read again after every change of the outbox. */
export class Recorded {
  value = $state.raw<Envelope[]>([]);
  #asked = 0;

  constructor(since: () => number) {
    $effect(() => {
      void session.outbox;
      void session.status;
      void this.#read(since());
    });
  }

  async #read(since: number): Promise<void> {
    const mine = (this.#asked += 1);
    const read = await session.engine.recorded(since);
    if (mine === this.#asked) this.value = read;
  }
}
