import { EnrolError } from '../../engine';
import { toasts } from '../../ui/toast.svelte';
import { router } from '../router.svelte';
import { session } from '../session.svelte';
import { t } from '../road/text';

/** Answers null when logged in, else the code of what went wrong. A phone the station has stopped is enrolled anew. */
export async function logIn(code: string): Promise<string | null> {
  const { engine } = session;
  try {
    if (session.status?.phase === 'revoked') await engine.enrol(code);
    else await engine.logIn(code);
  } catch (error) {
    return error instanceof EnrolError ? error.code : 'unknown';
  }
  await session.refresh();
  engine.start();
  router.home();
  toasts.show({ text: () => t('login.done'), tone: 'good' });
  return null;
}

export async function logOut(): Promise<void> {
  await session.engine.logOut();
  await session.refresh();
  router.home();
}
