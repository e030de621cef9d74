/**
 * What was filled in at a door and not yet saved. Cheap phones drop the page while the camera is open; this brings
 * the form and the strokes of the signature back. It lives as long as the tab and never leaves it.
 */
import type { Strokes } from '../../device/signature';
import type { DoorForm } from './model';

export interface DoorDraft {
  form: DoorForm;
  strokes: Strokes;
}

const key = (task: string): string => `doorstep.door.${task}`;

export function keepDraft(task: string, draft: DoorDraft): void {
  try {
    sessionStorage.setItem(key(task), JSON.stringify(draft));
  } catch {
    // A full or forbidden session store only costs the way back; the work itself is in the form.
  }
}

export function takeDraft(task: string): DoorDraft | null {
  const stored = sessionStorage.getItem(key(task));
  if (!stored) return null;
  const draft = JSON.parse(stored) as DoorDraft;
  return { ...draft, form: { ...draft.form, photos: 0 } };
}

export function dropDraft(task: string): void {
  sessionStorage.removeItem(key(task));
}
