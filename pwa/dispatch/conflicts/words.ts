/** The inbox's own sentences; the desk's common ones come from `../words`. */
import { language, wording } from '../../ui/i18n.svelte';
import { inbox as en } from '../../ui/strings/en/inbox';
import { inbox as zh } from '../../ui/strings/zh/inbox';
import { fieldText, word } from '../words';
import { lengthOf } from './model';

export const { t, own: ownWord } = wording({ zh, en });

export function kindWord(kind: string): string {
  return word('case', kind);
}

/** `outcome.reason` is called by its last part: the column already says whose it is. */
export function fieldWord(field: string): string {
  const name = field.slice(field.lastIndexOf('.') + 1);
  return ownWord('field', name) ?? fieldText(field);
}

/** Metres or kilometres, as a person says them. */
export function lengthText(metres: number): string {
  const { unit, n } = lengthOf(metres);
  return t(`place.${unit}`, { n: n.toLocaleString(language.current === 'zh' ? 'zh-CN' : 'en-GB') });
}
