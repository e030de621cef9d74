import { moved } from '../board/model';
import type { Tools } from '../context';
import type { ListCommand } from '../desk/keys';
import type { Screen } from '../screens';
import { chooseAll, give, more, read, undoCase, undoRun } from './actions';
import CaseView from './case.svelte';
import { markOf, ranged, toggled } from './filter';
import { undoable } from './run';
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

function take(tools: Tools): boolean {
  const { desk } = tools;
  const item = inbox.get(desk.route.case);
  if (item === null || item.decision !== null || item.owner === desk.user?.id) return false;
  void give(tools, item, desk.user?.id ?? null);
  return true;
}

/** The decision of the case on the screen, else the last ones that can still be taken back. */
function undo(tools: Tools): boolean {
  const { desk } = tools;
  const item = inbox.get(desk.route.case);
  if (item !== null && item.undo_until !== null && item.undo_until > desk.now) {
    void undoCase(tools, item);
    return true;
  }
  const run = inbox.runs.find((one) => undoable(one, desk.now).length > 0);
  if (run !== undefined) void undoRun(tools, run);
  return run !== undefined;
}

/** `key`: the place of the outcome, counted from 1. */
function decide({ desk }: Tools, key: string): boolean {
  const item = inbox.get(desk.route.case);
  const place = Number(key);
  if (item === null || item.decision !== null || place > item.outcomes.length) return false;
  desk.go({ pane: 'detail' });
  inbox.asked = { case: item.id, place };
  return true;
}

export const screen: Screen = {
  list: CasesView,
  detail: CaseView,
  columns: '232px 392px minmax(0, 1fr)',
  read,
  keys,
  own: { decide, take, undo },
};
