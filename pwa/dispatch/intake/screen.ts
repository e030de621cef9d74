import { moved } from '../board/model';
import type { Tools } from '../context';
import type { ListCommand } from '../desk/keys';
import type { Screen } from '../screens';
import { read } from './actions';
import DetailView from './detail.svelte';
import { intake } from './state.svelte';
import ListView from './view.svelte';

function keys(tools: Tools, command: ListCommand): boolean {
  const rows = intake.list?.imports ?? [];
  if (command.do === 'move') tools.desk.go({ id: moved(rows, tools.desk.route.id, command.step), own: {} });
  else if (command.do === 'open') tools.desk.go({ pane: 'detail' });
  else return false;
  return true;
}

export const screen: Screen = {
  list: ListView,
  detail: DetailView,
  columns: '200px minmax(300px, 380px) minmax(0, 1fr)',
  read,
  keys,
};
