/** What a customer asks for from now on, as the courier hears it at the door: a proposal to customer service. Pure. */
import type { Draft, TaskView } from '../../engine';
import type { RequestKind } from '../../ui/requests';

/** For all that comes to this customer, to this address, or on some days only. */
export const proposalScopes = ['address', 'always', 'weekdays'] as const;
export type ProposalScope = (typeof proposalScopes)[number];

export interface ProposalForm {
  kind: RequestKind | null;
  text: string;
  scope: ProposalScope;
  /** Monday 1, in their order. */
  weekdays: number[];
}

const WORKDAYS = [1, 2, 3, 4, 5];

/** Most wishes are about a door. */
export function blankProposal(): ProposalForm {
  return { kind: null, text: '', scope: 'address', weekdays: [] };
}

/** "Weekdays only" says its days by itself. */
export function chooseKind(form: ProposalForm, kind: RequestKind): ProposalForm {
  return kind === 'weekdays_only' ? chooseScope({ ...form, kind }, 'weekdays') : { ...form, kind };
}

export function chooseScope(form: ProposalForm, scope: ProposalScope): ProposalForm {
  if (scope !== 'weekdays') return { ...form, scope, weekdays: [] };
  return { ...form, scope, weekdays: form.weekdays.length ? form.weekdays : WORKDAYS };
}

export function switchDay(form: ProposalForm, day: number): ProposalForm {
  const without = form.weekdays.filter((one) => one !== day);
  const weekdays = without.length < form.weekdays.length ? without : [...without, day].sort((a, b) => a - b);
  return { ...form, weekdays };
}

/** Something is asked for: a kind, its days where it has some, and words where the kind says nothing by itself. */
export function complete(form: ProposalForm): boolean {
  if (form.kind === null || (form.scope === 'weekdays' && form.weekdays.length === 0)) return false;
  return form.kind !== 'other' || form.text.trim() !== '';
}

/** The operation. It names the task at whose door it was heard, whatever it is for. */
export function proposal(view: TaskView, form: ProposalForm, request: string): Draft {
  return {
    type: 'customer.request_set',
    entity: `customer:${view.customer.id}`,
    payload: {
      request,
      kind: form.kind,
      text: form.text.trim(),
      active: true,
      scope: form.scope,
      address: form.scope === 'address' ? view.task.address.text : null,
      task: view.task.id,
      weekdays: form.weekdays,
      source: 'courier',
      state: 'proposed',
      valid_from: null,
      valid_until: null,
    },
  };
}
