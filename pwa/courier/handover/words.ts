/** The sentences of handing over; they come with its screen. */
import { wording } from '../../ui/i18n.svelte';
import { handover as en } from '../../ui/strings/en/handover';
import { handover as zh } from '../../ui/strings/zh/handover';

export const { t } = wording({ zh, en });
