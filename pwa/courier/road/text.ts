/** The words of the screens behind the list: they load after it, so that a new handheld shows its day without them. */
import { translator } from '../../ui/i18n.svelte';
import { closing as enClosing } from '../../ui/strings/en/closing';
import { common as enCommon } from '../../ui/strings/en/common';
import { courier as enCourier } from '../../ui/strings/en/courier';
import { later as enLater } from '../../ui/strings/en/later';
import { records as enRecords } from '../../ui/strings/en/records';
import { road as enRoad } from '../../ui/strings/en/road';
import { closing as zhClosing } from '../../ui/strings/zh/closing';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { courier as zhCourier } from '../../ui/strings/zh/courier';
import { later as zhLater } from '../../ui/strings/zh/later';
import { records as zhRecords } from '../../ui/strings/zh/records';
import { road as zhRoad } from '../../ui/strings/zh/road';

const zh = { ...zhCommon, ...zhCourier, ...zhClosing, ...zhLater, ...zhRecords, ...zhRoad };
const en = { ...enCommon, ...enCourier, ...enClosing, ...enLater, ...enRecords, ...enRoad };

export type Key = keyof typeof zh;
export const t = translator({ zh, en });

/** A key that is put together at run time; `otherwise` when there is no such words. */
export function keyed(prefix: string, code: string, otherwise: Key): Key {
  const key = `${prefix}.${code}`;
  return key in zh ? (key as Key) : otherwise;
}
