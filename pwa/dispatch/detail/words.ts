/** What an entry of a timeline tells behind its operation's word. */
import type { TimelineEntry } from '../types';
import { fieldText, valueText, type Around } from '../words';
import { sayings } from './model';

/** Fields whose value alone would not say what it is. */
const NAMED: ReadonlySet<string> = new Set(['window_start', 'window_end', 'sequence', 'pieces', 'weight_g']);

export function saidText(entry: Pick<TimelineEntry, 'type' | 'payload'>, around: Around): string {
  return sayings(entry)
    .map(({ field, value }) => {
      const text = valueText(value, around);
      return NAMED.has(field) ? `${fieldText(field)} ${text}` : text;
    })
    .join(' · ');
}
