/**
 * The screens behind the list. A new handheld on a slow line shows its list without them; they follow at once, and the
 * service worker keeps them with the rest, so that none is ever missing offline.
 */
import type * as Screens from './later';

class Later {
  screens = $state.raw<typeof Screens | null>(null);
  /** The line broke between the list and the screens: only loading the page again fetches them. */
  failed = $state(false);
  #asked = false;

  /** Once; the answer is `screens` or `failed`. */
  load(): void {
    if (this.#asked) return;
    this.#asked = true;
    import('./later').then(
      (screens) => (this.screens = screens),
      () => (this.failed = true),
    );
  }
}

export const later = new Later();
