/** Notices that could not be delivered, as the desk says them. Pure. */
import type { DeadNotice } from './types';

type Cause = 'key' | 'size' | 'redirect' | 'refused' | 'service' | 'unreached' | 'address' | 'expired' | 'other';

/** Why it failed, as the end of a word key: a push service's answer is told by what it means for us. */
export function reasonOf(notice: Pick<DeadNotice, 'reason'>): Cause {
  const reason = notice.reason ?? '';
  if (/^answer_(401|403)$/.test(reason)) return 'key';
  if (reason === 'answer_413') return 'size';
  if (/^answer_3\d\d$/.test(reason)) return 'redirect';
  if (/^answer_4\d\d$/.test(reason)) return 'refused';
  if (/^answer_5\d\d$/.test(reason) || reason === 'resting') return 'service';
  if (['timeout', 'unreachable', 'unresolved', 'garbled'].includes(reason)) return 'unreached';
  if (['malformed', 'host_not_allowed', 'address_not_public'].includes(reason)) return 'address';
  return reason === 'expired' ? 'expired' : 'other';
}

/** After sending again: those that are not waiting for an answer about it any more. */
export function without(notices: readonly DeadNotice[], gone: ReadonlySet<string>): DeadNotice[] {
  return notices.filter((notice) => !gone.has(notice.id));
}
