import { moved, movedIndex } from '../board/model';
import type { Tools } from '../context';
import type { ListCommand } from '../desk/keys';
import type { Screen } from '../screens';
import { read } from './actions';
import { decideOn, type Verdict } from './deciding';
import CustomerView from './customer.svelte';
import { tabOf } from './model';
import { crm } from './state.svelte';
import CustomersView from './view.svelte';

function keys(tools: Tools, command: ListCommand): boolean {
  const { desk } = tools;
  const tab = tabOf(desk.route, desk.user?.role ?? '');
  if (tab === 'audit') return false;
  if (tab === 'proposals') return overProposals(tools, command);
  const rows = crm.list.answer?.customers ?? [];
  if (command.do === 'move') desk.go({ id: moved(rows, desk.route.id, command.step) });
  else if (command.do === 'open') desk.go({ pane: 'detail' });
  else return false;
  return true;
}

function overProposals(tools: Tools, command: ListCommand): boolean {
  const waiting = crm.proposals.value ?? [];
  const here = waiting[crm.cursor];
  if (command.do === 'move') crm.cursor = Math.max(0, movedIndex(waiting.length, crm.cursor, command.step));
  else if (here === undefined) return false;
  else if (command.do === 'open') tools.desk.go({ id: here.customer.id, pane: 'detail' });
  else return false;
  return true;
}

/** y accepts the proposal the keys stand on, x declines it. */
function decide(tools: Tools, verdict: Verdict): boolean {
  const shown = tabOf(tools.desk.route, tools.desk.user?.role ?? '') === 'proposals';
  const here = crm.proposals.value?.[crm.cursor];
  if (!shown || here === undefined) return false;
  void decideOn(tools, here, verdict);
  return true;
}

export const screen: Screen = {
  list: CustomersView,
  detail: CustomerView,
  columns: '232px minmax(320px, 420px) minmax(0, 1fr)',
  read,
  keys,
  own: { accept: (tools) => decide(tools, 'accept'), decline: (tools) => decide(tools, 'decline') },
};
