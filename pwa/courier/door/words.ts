/** The door's own sentences; those it shares with the other screens come from `../text`. */
import { wording } from '../../ui/i18n.svelte';
import { door as en } from '../../ui/strings/en/door';
import { door as zh } from '../../ui/strings/zh/door';

export const { t } = wording({ zh, en });
