/** What the keys do to the desk. */
import { moved, ranged, toggled } from '../board/model';
import { undo } from '../bulk/actions';
import { undoable } from '../bulk/model';
import { casesInOrder } from '../conflicts/model';
import type { Tools } from '../context';
import { mayDispatch } from '../login/model';
import type { Command } from './keys';
import type { Desk } from './state.svelte';

function cases(desk: Desk): { id: string }[] {
  return casesInOrder((desk.route.decided ? desk.decidedCases : desk.openCases) ?? []);
}

function move(desk: Desk, step: number, extend: boolean): void {
  if (desk.route.view === 'conflicts') {
    desk.go({ case: moved(cases(desk), desk.route.case, step) });
    return;
  }
  const from = desk.route.task;
  const to = moved(desk.rows, from, step);
  if (extend && from !== '') {
    const started = desk.chosen.has(from) ? desk.chosen : toggled(desk.chosen, from);
    desk.chosen = ranged(desk.rows, started, from, to);
  }
  desk.go({ task: to });
}

/** Escape takes back the nearest thing: selection, then search text. */
function escape(desk: Desk): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && active.matches('input, select, textarea')) {
    active.blur();
    return;
  }
  if (desk.chosen.size > 0) desk.chosen = new Set();
  else if (desk.route.q !== '') desk.go({ q: '' });
  else desk.go({ task: '', case: '', pane: 'list' });
}

export function selectAll(desk: Desk): void {
  const every = desk.rows.every((row) => desk.chosen.has(row.id));
  const next = new Set(desk.chosen);
  for (const row of desk.rows) {
    if (every) next.delete(row.id);
    else next.add(row.id);
  }
  desk.chosen = next;
}

/** Returns false when the key means nothing here, so that the browser may have it. */
export function obey(tools: Tools, command: Command): boolean {
  const { desk } = tools;
  const board = desk.route.view === 'board';
  switch (command.do) {
    case 'move':
      if (desk.route.view === 'devices') return false;
      move(desk, command.step, command.extend);
      return true;
    case 'select':
      if (board && desk.route.task !== '') desk.chosen = toggled(desk.chosen, desk.route.task);
      return board;
    case 'select_all':
      if (board) selectAll(desk);
      return board;
    case 'deed':
      if (!board || !(command.deed === 'cancel' || mayDispatch(desk.user?.role ?? ''))) return false;
      desk.begin(command.deed);
      return true;
    case 'undo': {
      const last = desk.batches.find((batch) => undoable(batch).length > 0);
      if (last !== undefined) void undo(tools, last);
      return last !== undefined;
    }
    case 'open':
      desk.go({ pane: 'detail' });
      return true;
    case 'search':
      desk.go({ view: 'board', pane: 'list' });
      queueMicrotask(() => document.getElementById('search')?.focus());
      return true;
    case 'view':
      desk.go({ view: command.view, pane: 'list' });
      return true;
    case 'help':
      desk.help = !desk.help;
      return true;
    case 'escape':
      escape(desk);
      return true;
  }
}
