import { language } from '../../ui/i18n.svelte';
import { toasts } from '../../ui/toast.svelte';
import { router } from '../router.svelte';
import { scanner } from '../scan/scanner.svelte';
import { session } from '../session.svelte';

/** Into a round that is made up; the real one goes on sending in the background and is found again as it was left. */
export async function beginPractice(): Promise<void> {
  const me = session.identity;
  if (!me || session.practice) return;
  const { PracticeEngine } = await import('./engine');
  await session.practise(new PracticeEngine(me, Date.now, language.current));
  forget();
}

export async function endPractice(): Promise<void> {
  await session.endPractice();
  forget();
}

/** Nothing of the one round is shown in the other. */
function forget(): void {
  toasts.dismiss();
  scanner.dismiss();
  scanner.hide();
  scanner.last = [];
  router.home();
}
