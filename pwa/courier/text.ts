/** The handheld's words: what both faces share and its own. */
import { translator } from '../ui/i18n.svelte';
import { closing as enClosing } from '../ui/strings/en/closing';
import { common as enCommon } from '../ui/strings/en/common';
import { courier as enCourier } from '../ui/strings/en/courier';
import { closing as zhClosing } from '../ui/strings/zh/closing';
import { common as zhCommon } from '../ui/strings/zh/common';
import { courier as zhCourier } from '../ui/strings/zh/courier';

const zh = { ...zhCommon, ...zhCourier, ...zhClosing };
const en = { ...enCommon, ...enCourier, ...enClosing };

export type Key = keyof typeof zh;
export const t = translator({ zh, en });

/** A key that is put together at run time, e.g. from a code of the server; `otherwise` when there is no such words. */
export function keyed(prefix: string, code: string, otherwise: Key): Key {
  const key = `${prefix}.${code}`;
  return key in zh ? (key as Key) : otherwise;
}
