/** The sentences of dead notices. */
import { wording } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { notices as enNotices } from '../../ui/strings/en/notices';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { notices as zhNotices } from '../../ui/strings/zh/notices';

export const { t, word } = wording({ zh: { ...zhCommon, ...zhNotices }, en: { ...enCommon, ...enNotices } });
