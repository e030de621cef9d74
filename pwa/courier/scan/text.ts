/** The words of scanning. They come with its screen, not with the list. */
import { translator } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { scan as enScan } from '../../ui/strings/en/scan';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { scan as zhScan } from '../../ui/strings/zh/scan';

const zh = { ...zhCommon, ...zhScan };
const en = { ...enCommon, ...enScan };

export const t = translator({ zh, en });
