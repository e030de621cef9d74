/** The closed list of reasons, in both languages, as the server knows it. */
import table from '../../sync/tables/reasons.json';
import type { Language } from '../ui/i18n.svelte';

export type Evidence = 'photo' | 'note' | 'call';

export interface Reason {
  code: string;
  zh: string;
  en: string;
  /** What the company does with it. */
  next: string;
  for: ('delivery' | 'pickup')[];
  evidence: Evidence[];
}

export const allReasons = table.reasons as Reason[];

/** The reason in words; a code of a newer list is shown as it is. */
export function reasonWords(code: string, language: Language): string {
  return allReasons.find((reason) => reason.code === code)?.[language] ?? code;
}
