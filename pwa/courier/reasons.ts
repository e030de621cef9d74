/** The closed list of reasons, in both languages, as the server knows it. */
import table from '../../sync/tables/reasons.json';
import type { EvidenceName } from '../../sync/ts/records';
import type { Language } from '../ui/i18n.svelte';

export type Evidence = EvidenceName;
/** What a courier can still get when he reports; a stay cannot be made up for. */
export type Must = Exclude<Evidence, 'dwell_s'>;

export interface Reason {
  code: string;
  zh: string;
  en: string;
  /** What the company does with it. */
  next: string;
  for: ('delivery' | 'pickup')[];
  /** What a complaint would ask for: so many calls, seconds at the door, photos, and a note. */
  evidence: Partial<Record<Evidence, number | boolean>>;
  /** Without these no report is offered. */
  must: Must[];
}

export const allReasons = table.reasons as Reason[];

/** The reason in words; a code of a newer list is shown as it is. */
export function reasonWords(code: string, language: Language): string {
  return allReasons.find((reason) => reason.code === code)?.[language] ?? code;
}
