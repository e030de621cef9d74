/** The sentences of dead notices. */
import { translator } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { notices as enNotices } from '../../ui/strings/en/notices';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { notices as zhNotices } from '../../ui/strings/zh/notices';

const zh = { ...zhCommon, ...zhNotices };
export type Word = keyof typeof zh;

export const t = translator({ zh, en: { ...enCommon, ...enNotices } });

/** A word whose key comes from data; data we have no word for is shown as it is. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(zh, key) ? t(key as Word) : code;
}
