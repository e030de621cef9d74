/** What the order screens know right now. Screens read it; only the actions write it. */
import type { Reading } from '../desk/state.svelte';
import type { Drafts } from './model';
import type { ImportState, ImportsAnswer, OrderFile, Tried } from './types';

/** What of a file is being made up on the screen. */
export interface Work {
  file: OrderFile;
  drafts: Drafts;
  merchant: string;
  year: string;
}

class Intake {
  list = $state.raw<ImportsAnswer | null>(null);
  listError = $state<string | null>(null);
  uploading = $state(false);
  /** Why the last file was refused, in the language it was asked in. */
  refused = $state<string | null>(null);
  work = $state.raw<Work | null>(null);
  workError = $state<string | null>(null);
  tried = $state.raw<Tried | null>(null);
  trying = $state(false);
  tryError = $state(false);
  beginning = $state(false);
  current = $state.raw<Reading<ImportState>>({ id: '', value: null, error: null });
}

export const intake = new Intake();
