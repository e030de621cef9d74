import type { TaskView } from '../../engine';
import { t } from '../road/text';
import { guarded, saved } from '../saved';
import { session } from '../session.svelte';
import { outForDelivery } from './model';

/** However many: it is one strict transaction on this phone; they travel in batches. */
export function leaveWith(tasks: readonly TaskView[]): Promise<boolean> {
  return guarded(async () => {
    const operations = await session.submit(outForDelivery(tasks));
    saved({ text: () => t('load.left', { n: operations.length }), cue: 'saved', undo: operations });
  });
}
