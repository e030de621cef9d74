/** What the keys do to the desk. */
import { movedIndex } from '../board/model';
import { all, NOTHING_CHOSEN, ranged, toggled } from '../board/selection';
import { undo } from '../bulk/actions';
import { undoable } from '../bulk/model';
import type { Tools } from '../context';
import { mayDispatch } from '../login/model';
import { screensFor, type Screen } from '../screens';
import { readIds } from './actions';
import type { Command, ListCommand } from './keys';
import type { Desk } from './state.svelte';

/** Where the cursor was when its row left the held pages. */
let lastAt = -1;

async function move(desk: Desk, step: number, extend: boolean): Promise<void> {
  const total = desk.table.total ?? 0;
  if (total === 0) return;
  const from = desk.table.indexOf(desk.route.task);
  const at = from >= 0 ? from : desk.route.task === '' ? -1 : Math.min(lastAt, total - 1);
  const to = movedIndex(total, at, step);
  const row = desk.table.row(to) ?? (await desk.table.between(to, to + 1))[0];
  if (row === undefined) return;
  lastAt = to;
  if (extend && from >= 0) {
    const rows = await desk.table.between(Math.min(from, to), Math.max(from, to) + 1);
    desk.chosen = ranged(desk.chosen, rows, true);
  }
  desk.go({ task: row.id });
}

/** Escape takes back the nearest thing: what is typed in, the selection, the search text, the right pane. */
function escape(desk: Desk): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && active.matches('input, select, textarea')) {
    active.blur();
    return;
  }
  if (desk.chosen.size > 0) desk.chosen = NOTHING_CHOSEN;
  else if (desk.route.q !== '') desk.go({ q: '' });
  else desk.go({ task: '', case: '', id: '', pane: 'list' });
}

/** Everything the filter leaves, or nothing when that is chosen already. */
export async function selectAll(tools: Tools): Promise<void> {
  const { desk } = tools;
  if (desk.chosen.size > 0 && desk.chosen.size >= (desk.table.total ?? 0)) {
    desk.chosen = NOTHING_CHOSEN;
    return;
  }
  const { query } = desk;
  const { tasks } = await readIds(tools);
  if (desk.query === query) desk.chosen = all(tasks);
}

function select(desk: Desk): boolean {
  const row = desk.table.get(desk.route.task);
  if (row !== null) desk.chosen = toggled(desk.chosen, row);
  return row !== null;
}

function inList(tools: Tools, command: ListCommand): boolean {
  const { desk } = tools;
  switch (command.do) {
    case 'move':
      void move(desk, command.step, command.extend).catch(tools.look);
      return true;
    case 'select':
      return select(desk);
    case 'select_all':
      void selectAll(tools).catch(tools.look);
      return true;
    case 'open':
      desk.go({ pane: 'detail' });
      return true;
  }
}

/** Returns false when the key means nothing here, so that the browser may have it. `screen`: the one beside the board. */
export function obey(tools: Tools, command: Command, screen: Screen | null): boolean {
  const { desk } = tools;
  const board = desk.route.view === 'board';
  switch (command.do) {
    case 'move':
    case 'select':
    case 'select_all':
    case 'open':
      return board ? inList(tools, command) : (screen?.keys?.(tools, command) ?? false);
    case 'deed':
      if (!board || !mayDo(command.deed, desk.user?.role ?? '')) return false;
      desk.begin(command.deed);
      return true;
    case 'undo': {
      const last = desk.batches.find((batch) => undoable(batch).length > 0);
      if (last !== undefined) void undo(tools, last);
      return last !== undefined;
    }
    case 'search':
      desk.go(document.getElementById('search') === null ? { view: 'board', pane: 'list' } : { pane: 'list' });
      queueMicrotask(() => document.getElementById('search')?.focus());
      return true;
    case 'mode':
      desk.go({ view: 'board', mode: command.mode, pane: 'list' });
      return true;
    case 'view':
      if (command.view !== 'board' && !screensFor(desk.user?.role ?? '').some(({ name }) => name === command.view))
        return false;
      desk.go({ view: command.view, pane: 'list' });
      return true;
    case 'palette':
      desk.palette = !desk.palette;
      return true;
    case 'save_filter':
      desk.saving = board;
      return board;
    case 'help':
      desk.help = !desk.help;
      return true;
    case 'escape':
      escape(desk);
      return true;
  }
}

/** A customer service agent cancels, moves windows and writes notes; the work is handed out by dispatchers. */
export function mayDo(deed: string, role: string): boolean {
  return mayDispatch(role) || deed === 'cancel' || deed === 'window' || deed === 'note';
}
