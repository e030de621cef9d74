/** The order screens' sentences. */
import { wording } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { orders as enOrders } from '../../ui/strings/en/orders';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { orders as zhOrders } from '../../ui/strings/zh/orders';

export const { t, word } = wording({ zh: { ...zhCommon, ...zhOrders }, en: { ...enCommon, ...enOrders } });
