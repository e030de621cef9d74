/** What follows every save: a toast, a sound, and for some seconds the way to take it back. */
import { SubmitError, type BlobInput, type Draft, type Envelope } from '../engine';
import { play, type Cue } from '../device/sound';
import { say, toasts, type Said } from '../ui/toast.svelte';
import { corrections } from './corrections';
import { session } from './session.svelte';
import { settings } from './settings.svelte';
import { keyed, t } from './text';

export interface Saved {
  text: Said;
  detail?: Said;
  cue?: Cue;
  /** Operations that the toast offers to take back. */
  undo?: Envelope[];
}

export function saved({ text, detail, cue, undo }: Saved): void {
  if (cue) play(cue, settings.volume);
  toasts.show({ text, detail, undo: undoOf(undo) });
}

function undoOf(operations: Envelope[] = []): (() => Promise<void>) | undefined {
  return operations.length > 0 ? () => takeBack(operations) : undefined;
}

/** A correction for each, last first; the operations themselves stay (P3). */
export async function takeBack(operations: readonly Envelope[]): Promise<void> {
  if (await guarded(() => session.submit(corrections(operations)))) {
    play('duplicate', settings.volume);
    toasts.show({ text: () => t('undone'), detail: () => t('undone.detail') });
  }
}

/** Runs a save. When the engine refuses, says what happened and what is safe; answers whether it was saved. */
export async function guarded(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    // The word first: what draws the next screen would keep it waiting.
    await session.said();
    return true;
  } catch (error) {
    const code = error instanceof SubmitError ? (error.problems[0]?.code ?? 'unknown') : storageCode(error);
    play('problem', settings.volume);
    toasts.show({
      tone: 'bad',
      text: () => t('notSaved'),
      detail: () => t(keyed('notSaved', code, 'notSaved.unknown')),
      stay: 12_000,
    });
    return false;
  }
}

function storageCode(error: unknown): string {
  return error instanceof DOMException && error.name === 'QuotaExceededError' ? 'quota' : 'unknown';
}

export interface Work {
  drafts: Draft[];
  blobs: BlobInput[];
}

/**
 * Saves work with its photos, then says so. A full disk costs the photos, never the work (P13): it is saved again
 * without them, and the courier is told what was kept and what was not.
 */
export async function saveWithPhotos(
  make: (photos: Uint8Array[]) => Work,
  photos: Uint8Array[],
  words: Saved,
): Promise<void> {
  const send = (kept: Uint8Array[]): Promise<Envelope[]> => {
    const { drafts, blobs } = make(kept);
    return session.submit(drafts, blobs);
  };
  try {
    saved({ ...words, undo: await send(photos) });
  } catch (error) {
    if (!isFull(error) || photos.length === 0) throw error;
    const kept = await send([]);
    play('problem', settings.volume);
    toasts.show({
      tone: 'warn',
      text: () => t('photo.notKept'),
      detail: () => t('photo.notKept.detail', { saved: say(words.text) }),
      undo: undoOf(kept),
      stay: 12_000,
    });
  }
}

function isFull(error: unknown): boolean {
  return error instanceof SubmitError && error.problems.some((problem) => problem.code === 'quota');
}
