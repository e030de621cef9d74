/** The sentences of messages to couriers. */
import { wording } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { messages as enMessages } from '../../ui/strings/en/messages';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { messages as zhMessages } from '../../ui/strings/zh/messages';

export const { t, word } = wording({ zh: { ...zhCommon, ...zhMessages }, en: { ...enCommon, ...enMessages } });
