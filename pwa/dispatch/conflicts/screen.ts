import { moved } from '../board/model';
import type { Tools } from '../context';
import type { ListCommand } from '../desk/keys';
import type { Screen } from '../screens';
import { chooseAll, more, read } from './actions';
import CaseView from './case.svelte';
import { markOf, ranged, toggled } from './filter';
import { inbox } from './state.svelte';
import CasesView from './view.svelte';

function move(tools: Tools, step: number, extend: boolean): void {
  const { desk } = tools;
  const rows = inbox.rows ?? [];
  const from = desk.route.case;
  const to = moved(rows, from, step);
  if (extend && from !== '') inbox.chosen = ranged(inbox.chosen, rows, from, to);
  desk.go({ case: to });
  if (rows.slice(-20).some((row) => row.id === to)) more(tools);
}

function keys(tools: Tools, command: ListCommand): boolean {
  const { desk } = tools;
  const item = inbox.get(desk.route.case);
  if (command.do === 'move') move(tools, command.step, command.extend);
  else if (command.do === 'open') desk.go({ pane: 'detail' });
  else if (command.do === 'select_all') void chooseAll(tools).catch(tools.look);
  else if (item !== null) inbox.chosen = toggled(inbox.chosen, markOf(item));
  return true;
}

export const screen: Screen = {
  list: CasesView,
  detail: CaseView,
  columns: '232px 392px minmax(0, 1fr)',
  read,
  keys,
};
