/** Whether loading the page again now would cut something in two: then a newer version of the app waits. */
import type { Calm } from '../device/update';
import { toasts } from '../ui/toast.svelte';
import { router } from './router.svelte';
import { scanner } from './scan/scanner.svelte';
import { session } from './session.svelte';

export function calm(): Calm {
  if (session.broken) return 'broken';
  // The list and nothing over it: no form, no verdict, no way back from the last tap, no code being typed.
  const resting =
    session.ready &&
    session.identity?.loggedIn === true &&
    !session.practice &&
    router.current.screen === 'today' &&
    !scanner.open &&
    !scanner.current &&
    !toasts.current &&
    !document.querySelector('dialog[open]');
  return resting ? 'calm' : 'busy';
}
