/** The order screens' sentences. */
import { translator } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { orders as enOrders } from '../../ui/strings/en/orders';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { orders as zhOrders } from '../../ui/strings/zh/orders';

const zh = { ...zhCommon, ...zhOrders };

export const t = translator({ zh, en: { ...enCommon, ...enOrders } });

/** A word whose key comes from data; data we have no word for is shown as it is. */
export function word(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return Object.hasOwn(zh, key) ? t(key as keyof typeof zh) : code;
}
