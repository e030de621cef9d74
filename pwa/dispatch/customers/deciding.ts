/** A proposal is accepted or declined with one press, and taken back with another. */
import { toasts } from '../../ui/toast.svelte';
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type { Operation } from '../operations';
import { hand } from './actions';
import { accept, decline, takenBack } from './drafts';
import { crm } from './state.svelte';
import type { Proposal } from './types';
import { t } from './words';

export type Verdict = 'accept' | 'decline';

/** Operations without an answer, by proposal and verdict: another try is the same operation again. */
const unanswered = new Map<string, Operation>();

export async function decideOn(tools: Tools, proposal: Proposal, verdict: Verdict): Promise<void> {
  const { request, customer } = proposal;
  if (crm.deciding.has(request.id)) return;
  const key = `${request.id}|${verdict}`;
  const made = unanswered.get(key) ?? (verdict === 'accept' ? accept : decline)(tools.stamp(), customer, request);
  unanswered.set(key, made);
  crm.deciding = new Set([...crm.deciding, request.id]);
  try {
    const result = await hand(tools, made);
    unanswered.delete(key);
    if (result.status === 'applied' || result.status === 'merged') gone(tools, proposal, made, verdict);
    else if (result.status === 'conflict') toasts.show({ text: t('queue.late'), tone: 'warn' });
    else toasts.show({ text: t('queue.failed', { code: result.code ?? result.status }), tone: 'bad' });
  } catch (failure) {
    toasts.show({ text: t('queue.failed', { code: asDoorError(failure).code }), tone: 'bad' });
  } finally {
    crm.deciding = new Set([...crm.deciding].filter((id) => id !== request.id));
  }
}

function gone(tools: Tools, proposal: Proposal, made: Operation, verdict: Verdict): void {
  const value = (crm.proposals.value ?? []).filter((one) => one.request.id !== proposal.request.id);
  crm.proposals = { ...crm.proposals, value };
  crm.cursor = Math.max(0, Math.min(crm.cursor, value.length - 1));
  toasts.show({
    text: t(verdict === 'accept' ? 'queue.accepted' : 'queue.declined'),
    tone: 'good',
    undo: async () => {
      try {
        await hand(tools, takenBack(tools.stamp(), made, t('undo')));
      } catch (failure) {
        toasts.show({ text: t('queue.failed', { code: asDoorError(failure).code }), tone: 'bad' });
      }
    },
  });
}
