/** What the station wrote to the courier, read again whenever the engine has something new. Heard on whatever screen. */
import { play } from '../../device/sound';
import type { Engine, MessageView } from '../../engine';
import { settings } from '../settings.svelte';

class Inbox {
  messages = $state.raw<MessageView[]>([]);
  unread = $derived(this.messages.filter((message) => !message.read));
  #heard: ReadonlySet<string> | null = null;

  async read(engine: Engine): Promise<void> {
    const messages = await engine.messages();
    this.messages = messages;
    const fresh = messages.filter((message) => !message.read && !this.#heard?.has(message.id));
    if (this.#heard !== null && fresh.length > 0) play('unknown', settings.volume);
    this.#heard = new Set(messages.map((message) => message.id));
  }
}

export const inbox = new Inbox();
