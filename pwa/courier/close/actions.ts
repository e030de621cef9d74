import { guarded, saved } from '../saved';
import { session } from '../session.svelte';
import { t } from '../road/text';
import { closeShift, closing } from './model';

/** The counts handed in are those of this moment, whatever the screen has shown. */
export function handIn(): Promise<boolean> {
  return guarded(async () => {
    const entity = session.shift?.entity;
    if (!entity) return;
    const { tasks, status, shift } = session;
    await session.submit(closeShift(entity, closing(tasks, status, shift, await session.engine.receipt())));
    saved({ text: () => t('close.saved'), cue: 'saved' });
  });
}
