import { guarded, saved } from '../saved';
import { session } from '../session.svelte';
import { t } from '../text';
import { tail } from '../words';
import { pickUp, type PickupForm } from './model';

export function savePickup(task: string, waybill: string, form: PickupForm, photos: Uint8Array[]): Promise<boolean> {
  return guarded(async () => {
    const { drafts, blobs } = pickUp(task, waybill, form, photos);
    const undo = await session.submit(drafts, blobs);
    saved({ text: t('pickup.saved', { n: form.pieces }), detail: tail(waybill), cue: 'saved', undo });
  });
}
