import { EnrolError } from '../../engine';
import { later } from '../later.svelte';
import { router } from '../router.svelte';
import { session } from '../session.svelte';

/** Answers null when enrolled, else the code of what went wrong. */
export async function enrol(code: string): Promise<string | null> {
  try {
    await later.load();
    if (!later.screens) return 'offline';
    await session.engine.enrol(code);
    // Whoever came by the link of a code's picture stands at the address of a login.
    router.home();
    await session.refresh();
    session.engine.start();
    return null;
  } catch (error) {
    return error instanceof EnrolError ? error.code : 'unknown';
  }
}
