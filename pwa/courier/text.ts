/** The handheld's words until its list is drawn; `road/text` has these and all others. */
import { translator } from '../ui/i18n.svelte';
import { common as enCommon } from '../ui/strings/en/common';
import { courier as enCourier } from '../ui/strings/en/courier';
import { common as zhCommon } from '../ui/strings/zh/common';
import { courier as zhCourier } from '../ui/strings/zh/courier';

const zh = { ...zhCommon, ...zhCourier };
const en = { ...enCommon, ...enCourier };

export type Key = keyof typeof zh;
export const t = translator({ zh, en });

/** A key that is put together at run time, e.g. from a code of the server; `otherwise` when there is no such words. */
export function keyed(prefix: string, code: string, otherwise: Key): Key {
  const key = `${prefix}.${code}`;
  return key in zh ? (key as Key) : otherwise;
}
