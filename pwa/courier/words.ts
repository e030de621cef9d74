/** Small sentences several screens say. */
import type { CustomerRequest, TaskView } from '../engine';
import { day, maskName, maskPhone, remaining, window as windowOf } from '../ui/format';
import type { When } from './task';
import { keyed, t } from './text';

export interface Urgency {
  words: string;
  tone: 'plain' | 'warn' | 'bad';
}

/** Further away than this the end of a window is not worth a word. Minutes. */
const FAR = 180;
/** Nobody is late by a week: then a clock is wrong, which is said once and not at every door. Minutes. */
const ABSURD = 7 * 24 * 60;

/** Minutes to the end of the window; amber under half an hour, red when it has passed. */
export function urgency(end: number | null, now: number): Urgency | null {
  const left = remaining(end, now);
  if (!left || left.minutes > (left.over ? ABSURD : FAR)) return null;
  const { minutes, over } = left;
  const split = { h: Math.floor(minutes / 60), m: minutes % 60, n: minutes };
  if (over) return { words: t(minutes < 60 ? 'minutes.over' : 'hours.over', split), tone: 'bad' };
  return { words: t(minutes < 60 ? 'minutes.left' : 'hours.left', split), tone: minutes <= 30 ? 'warn' : 'plain' };
}

export function windowWords(view: TaskView, zone: string): string {
  return windowOf(view.task.window_start, view.task.window_end, zone) ?? t('window.open');
}

/** The person at the door, masked: name and phone on one line. */
export function contactWords(view: TaskView): string {
  return [view.customer.name && maskName(view.customer.name), view.customer.phone && maskPhone(view.customer.phone)]
    .filter(Boolean)
    .join(' · ');
}

/** Why a request does not count at this door now: its days, or from when until when it does. */
export function laterWords(request: CustomerRequest, { now, zone }: When, language: 'zh' | 'en'): string {
  const { weekdays, valid_from: from, valid_until: until } = request;
  if (from !== null && now < from) return t('request.from', { day: day(from, zone, language) });
  if (until !== null && until < now) return t('request.until', { day: day(until, zone, language) });
  return t('request.onDays', {
    days: weekdays.map((one) => t(keyed('day', String(one), 'day.1'))).join(t('day.joint')),
  });
}

/** A `tel:` address, or null when there is no number to call. */
export function telephone(view: TaskView): string | null {
  const digits = view.customer.phone.replace(/[^\d+]/g, '');
  return digits.length >= 3 ? `tel:${digits}` : null;
}

/** The end of the waybill, as people say it. */
export function tail(waybill: string): string {
  return `…${waybill.slice(-4)}`;
}
