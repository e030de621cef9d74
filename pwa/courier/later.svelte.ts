/**
 * The screens behind the list. A new handheld on a slow line asks for its code without them; they come while it is typed, and are
 * there before the list is, so that whoever loses the signal with its first row misses none. The service worker keeps them with
 * the rest.
 */
import type * as Screens from './later';

class Later {
  screens = $state.raw<typeof Screens | null>(null);
  /** The line broke before they were there; who asks again may still get them. */
  failed = $state(false);
  #asked: Promise<void> | null = null;

  /** Once, and again after a failure; the answer is `screens` or `failed`, and has come when this resolves. */
  load(): Promise<void> {
    this.#asked ??= import('./later').then(
      (screens) => void Object.assign(this, { screens, failed: false }),
      () => {
        this.failed = true;
        this.#asked = null;
      },
    );
    return this.#asked;
  }
}

export const later = new Later();
