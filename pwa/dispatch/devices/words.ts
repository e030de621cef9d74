/** The handhelds' sentences; the desk's common ones come from `../words`. */
import { wording } from '../../ui/i18n.svelte';
import { devices as en } from '../../ui/strings/en/devices';
import { devices as zh } from '../../ui/strings/zh/devices';

export const { t } = wording({ zh, en });
