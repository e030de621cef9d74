import type { TaskView } from '../../engine';
import { guarded, saveWithPhotos } from '../saved';
import { scanner } from '../scan/scanner.svelte';
import { t } from '../road/text';
import { tail } from '../words';
import { pickUp, type PickupForm } from './model';

export function savePickup(
  view: TaskView | null,
  waybill: string,
  form: PickupForm,
  photos: Uint8Array[],
): Promise<boolean> {
  const scan = scanner.last.find((one) => one.waybill === waybill && !one.undone);
  return guarded(() =>
    saveWithPhotos((kept) => pickUp(view, waybill, form, kept, scan?.source), photos, {
      text: () => t('pickup.saved', { n: form.pieces }),
      detail: tail(waybill),
      cue: 'saved',
    }),
  );
}
