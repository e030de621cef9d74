/** Taking parcels in: how many, how heavy, with or without a photo. Pure. */
import type { BlobInput, Draft, TaskView } from '../../engine';
import { derive } from '../../../sync/ts/canonical';
import { parseWeight } from '../../ui/format';
import type { Source } from '../scan/model';
import { shownRequests } from '../task';

export interface PickupForm {
  pieces: number;
  /** Kilograms as typed; empty when not weighed. */
  weight: string;
  packaging: Packaging | null;
}

export const packagings = ['own', 'envelope', 'bag', 'box', 'reinforced', 'cold'] as const;
export type Packaging = (typeof packagings)[number];

export const MOST_PIECES = 999;

export function pickupForm(view: TaskView | null): PickupForm {
  return { pieces: view?.parcel.pieces ?? 1, weight: '', packaging: null };
}

/** Grams, null when not weighed, undefined when what was typed is no weight. */
export function grams(form: PickupForm): number | null | undefined {
  if (form.weight.trim() === '') return null;
  return parseWeight(form.weight) ?? undefined;
}

export function ready(form: PickupForm): boolean {
  return form.pieces >= 1 && grams(form) !== undefined;
}

/** A pickup nobody told us of has an id that every handheld and the server derive alike from its waybill. */
export function pickupTask(waybill: string): string {
  return derive('task', 'pickup', waybill);
}

/** `view` is what the list says of it, null for a pickup nobody told us of; `label` is how its label was read, null when it was not. */
export function pickUp(
  view: TaskView | null,
  waybill: string,
  form: PickupForm,
  photos: Uint8Array[],
  label: Source | null = null,
): { drafts: Draft[]; blobs: BlobInput[] } {
  const blobs = photos.map((bytes): BlobInput => ({ bytes, type: 'image/jpeg', kind: 'photo' }));
  const payload = {
    pieces: form.pieces,
    weight_g: grams(form) ?? null,
    photos: blobs.map((_, at) => `blob:${at}`),
    waybill,
    ...(form.packaging === null ? {} : { packaging: form.packaging }),
    ...(label === null ? {} : { label }),
  };
  const task = view?.task.id ?? pickupTask(waybill);
  const base = shownRequests(view);
  return { drafts: [{ type: 'task.picked_up', entity: `task:${task}`, base, payload }], blobs };
}
