import { guarded, saved } from '../saved';
import { session } from '../session.svelte';
import { t } from '../text';
import { closeShift, type Closing } from './model';

export function handIn(closing: Closing): Promise<boolean> {
  return guarded(async () => {
    const entity = session.shift?.entity;
    if (!entity) return;
    await session.submit(closeShift(entity, closing));
    saved({ text: t('close.saved'), cue: 'saved' });
  });
}
