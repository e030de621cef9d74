import type { Receipt } from '../../engine';
import { session } from '../session.svelte';

/**
 * The shift's receipt while a screen shows it, read again after every change. It is no part of the session: it looks at every
 * operation of the shift, and a scan must not wait for that.
 */
export class ReceiptNow {
  value = $state.raw<Receipt | null>(null);
  #asked = 0;

  constructor() {
    $effect(() => {
      void session.status;
      void this.#read();
    });
  }

  async #read(): Promise<void> {
    const mine = (this.#asked += 1);
    const read = await session.engine.receipt();
    if (mine === this.#asked) this.value = read;
  }
}
