/** What the screen of messages holds: the list, and the letter that is being written. */
import type { Message } from './types';

class Messages {
  /** Null until they were read. */
  list = $state.raw<Message[] | null>(null);
  /** There are older ones. */
  more = $state(false);
  failed = $state(false);
  growing = $state(false);
}

export const messages = new Messages();
