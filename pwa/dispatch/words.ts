/** The desk's sentences: its dictionary, and how ages, reasons and field values are said in it. */
import reasonTable from '../../sync/tables/reasons.json';
import ruleTable from '../../sync/tables/merge.json';
import { money, timeOfDay } from '../ui/format';
import { language, wording } from '../ui/i18n.svelte';
import { board as enBoard } from '../ui/strings/en/board';
import { common as enCommon } from '../ui/strings/en/common';
import { desk as enDesk } from '../ui/strings/en/desk';
import { records as enRecords } from '../ui/strings/en/records';
import { board as zhBoard } from '../ui/strings/zh/board';
import { common as zhCommon } from '../ui/strings/zh/common';
import { desk as zhDesk } from '../ui/strings/zh/desk';
import { records as zhRecords } from '../ui/strings/zh/records';
import type { DoorError } from './door';
import type { Shown } from './values';

const zh = { ...zhCommon, ...zhRecords, ...zhDesk, ...zhBoard };
export type Word = keyof typeof zh;

export const { t, word } = wording({ zh, en: { ...enCommon, ...enRecords, ...enDesk, ...enBoard } });

const reasons = new Map(reasonTable.reasons.map((reason) => [reason.code, reason]));

export function reasonWord(code: string): string {
  return reasons.get(code)?.[language.current] ?? code;
}

/** The rule behind a suggestion, as one sentence; the case's own text when its kind is newer than this desk. */
export function ruleSentence(kind: string, otherwise: string): string {
  const kinds: Record<string, { zh: string; en: string } | undefined> = ruleTable.kinds;
  return kinds[kind]?.[language.current] ?? otherwise;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, said so that it stays true until the next redraw. `age` in ms. */
export function agoText(age: number): string {
  if (age < 5_000) return t('age.now');
  if (age < MINUTE) return t('age.seconds', { n: Math.floor(age / 1000) });
  if (age < HOUR) return t('age.minutes', { n: Math.floor(age / MINUTE) });
  if (age < DAY) return t('age.hours', { h: Math.floor(age / HOUR), m: Math.floor((age % HOUR) / MINUTE) });
  return t('age.days', { n: Math.floor(age / DAY) });
}

/** A length of time, ms. */
export function spanText(span: number): string {
  const length = Math.abs(span);
  if (length < MINUTE) return t('span.seconds', { n: Math.round(length / 1000) });
  if (length < HOUR) return t('span.minutes', { n: Math.round(length / MINUTE) });
  const [h, m] = [Math.floor(length / HOUR), Math.floor((length % HOUR) / MINUTE)];
  return m === 0 ? t('span.whole_hours', { h }) : t('span.hours', { h, m });
}

/** Why masked values could not be shown. */
export function unrevealedText({ code, retryAfter }: Pick<DoorError, 'code' | 'retryAfter'>): string {
  if (code !== 'reveal_capped') return t('reveal.failed', { code });
  return t('reveal.capped', { wait: spanText(retryAfter === null ? HOUR : retryAfter * 1000) });
}

/** What a value needs around it to be said: who people are, where the station is, what time it is. */
export interface Around {
  people: ReadonlyMap<string, string>;
  zone: string;
  now: number;
}

export function clockText(at: number, around: Pick<Around, 'zone' | 'now'>): string {
  return timeOfDay(at, around.now, around.zone, language.current);
}

export function valueText(value: Shown, around: Around): string {
  switch (value.as) {
    case 'nothing':
      return t('value.none');
    case 'yes_no':
      return value.value ? t('value.yes') : t('value.no');
    case 'time':
      return clockText(value.value, around);
    case 'money':
      return money(value.value);
    case 'person':
      return around.people.get(value.value) ?? value.value;
    case 'status':
      return word('status', value.value);
    case 'operation':
      return word('op', value.value);
    case 'reason':
      return reasonWord(value.value);
    case 'recipient':
      return word('recipient', value.value);
    case 'method':
      return word('value', value.value);
    case 'verdict':
      return word('verdict', value.value);
    case 'number':
      return String(value.value);
    case 'text':
    case 'raw':
      return word('value', value.value);
  }
}

/** `outcome.at` is called by its last part: the column already says whose it is. */
export function fieldText(field: string): string {
  return word('field', field.slice(field.lastIndexOf('.') + 1));
}
