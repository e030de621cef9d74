/** The customers' sentences: their dictionary, and how requests, weekdays and validity are said in it. */
import { day as dayText } from '../../ui/format';
import { language, wording } from '../../ui/i18n.svelte';
import { common as enCommon } from '../../ui/strings/en/common';
import { crm as enCrm } from '../../ui/strings/en/crm';
import { common as zhCommon } from '../../ui/strings/zh/common';
import { crm as zhCrm } from '../../ui/strings/zh/crm';
import { dayRuns } from './model';
import type { CustomerRequest } from './types';

export const { t, word } = wording({ zh: { ...zhCommon, ...zhCrm }, en: { ...enCommon, ...enCrm } });

export function weekdaysText(weekdays: readonly number[]): string {
  return dayRuns(weekdays)
    .map(([from, to]) => {
      const first = word('weekday', String(from));
      if (from === to) return first;
      return t('weekday.run', { from: first, to: word('weekday', String(to)) });
    })
    .join(t('weekday.join'));
}

/** What a request is for, in one sentence. */
export function scopeText(request: Pick<CustomerRequest, 'scope' | 'address' | 'waybill' | 'weekdays'>): string {
  const said = t(`scope.said.${request.scope}`, {
    address: request.address ?? '',
    waybill: request.waybill ?? '',
    days: weekdaysText(request.weekdays),
  });
  // Weekdays count with any scope.
  const also = request.scope !== 'weekdays' && request.weekdays.length > 0;
  return also ? `${said} · ${weekdaysText(request.weekdays)}` : said;
}

export function validText(request: Pick<CustomerRequest, 'valid_from' | 'valid_until'>, zone: string): string {
  const said = (at: number) => dayText(at, zone, language.current);
  const { valid_from: from, valid_until: until } = request;
  if (from !== null && until !== null) return t('valid.between', { from: said(from), until: said(until) });
  if (from !== null) return t('valid.from', { from: said(from) });
  return until !== null ? t('valid.until', { until: said(until) }) : t('valid.open');
}

export function sourceText(request: Pick<CustomerRequest, 'source' | 'set_by'>): string {
  const source = word('source', request.source);
  return request.set_by === null ? source : t('source.by', { source, name: request.set_by });
}
