/** By which consent somebody else takes a parcel: on record, asked for on the order, as told, or none. Pure. */
import { askedFor, PROXIES, standingWord } from '../../../sync/ts/door';
import type { JsonObject, NoticeView, TaskView } from '../../engine';
import { activeRequests, type When } from '../task';

/** What the courier chooses where nothing is on record. */
export const told = ['phone', 'in_person', 'other', 'none'] as const;
export type Told = (typeof told)[number];
export type Consent = 'on_record' | 'on_order' | Told;

/** Law: reception, neighbour, locker and station take it only with a consent that is recorded. */
export function needsConsent(recipient: string | null): boolean {
  return recipient !== null && (PROXIES as readonly string[]).includes(recipient);
}

/** The customer's word on leaving it there: yes, no, or nothing. */
export function wordOf(view: TaskView, recipient: string): ReturnType<typeof standingWord> {
  return standingWord(view.customer, view.task, recipient);
}

/** The wish that says it may be left there, where one counts today. */
export function wishOf(view: TaskView, recipient: string, when: When): string | null {
  return activeRequests(view, when).find((one) => askedFor(one, view.task, recipient))?.id ?? null;
}

/** The question about this that was asked last; null when there is none, or when he has answered. */
function openQuestion(view: TaskView, recipient: string): { op_id: string; at: number } | null {
  const question = view.task.asked?.find((one) => one.kind === recipient);
  const answered = view.customer.consents.some((one) => one.answers === question?.op_id);
  return question && !answered ? question : null;
}

/** When the customer was last asked about this, ms; null when never, or when he has answered. */
export function askedAt(view: TaskView, recipient: string): number | null {
  return openQuestion(view, recipient)?.at ?? null;
}

/** The server has said that the question reached nobody: nothing is to be waited for. */
export function isUnreached(view: TaskView, recipient: string, notices: readonly NoticeView[]): boolean {
  const question = openQuestion(view, recipient);
  return notices.some((notice) => notice.kind === 'unreached' && notice.op_id === question?.op_id);
}

/** What counts: the customer's own word before anything the courier was told. An answer that comes meanwhile counts at once. */
export function consentOf(view: TaskView, recipient: string, chosen: Consent | null, when: When): Consent | null {
  if (!needsConsent(recipient)) return null;
  if (wordOf(view, recipient)?.given) return 'on_record';
  if (wishOf(view, recipient, when) !== null) return 'on_order';
  return chosen === 'on_record' || chosen === 'on_order' ? null : chosen;
}

/** The consent as the sign-off names it; `note` is what the courier was told, in words. */
export function named(
  view: TaskView,
  recipient: string,
  consent: Consent | null,
  note: string | null,
  when: When,
): JsonObject | null {
  if (!needsConsent(recipient) || consent === null) return null;
  const word = consent === 'on_record' ? wordOf(view, recipient) : null;
  if (word) {
    const source = word.answers === undefined ? 'crm' : 'asked';
    return { kind: recipient, source, ref: word.id, v: word.v ?? 1, note: null };
  }
  const wish = consent === 'on_order' ? wishOf(view, recipient, when) : null;
  if (wish !== null) return { kind: recipient, source: 'request', ref: wish, v: null, note: null };
  const source = consent === 'none' || note === null ? 'none' : 'told';
  return { kind: recipient, source, ref: null, v: null, note: source === 'none' ? null : note };
}
