/** What each outcome is called on its button: it depends on who speaks on that side. */
import type { Outcome } from '../types';
import { sidesOf } from './model';
import type { Case } from './types';
import { t } from './words';

export function outcomeLabel(item: Pick<Case, 'kind' | 'mine'>, outcome: Outcome): string {
  const sides = sidesOf(item);
  if (outcome === 'noted') return t('decide.noted');
  if (item.kind === 'quarantined') return t('decide.release');
  return outcome === 'mine' ? t(`decide.mine.${sides.mine}`) : t(`decide.theirs.${sides.theirs}`);
}
