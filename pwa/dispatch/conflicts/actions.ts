/** Reading the inbox, and what a press of a button there does. Every decision is an operation like any other. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type { Operation } from '../operations';
import type { OperationResult, Outcome } from '../types';
import { kept, MOST_CHOSEN, narrowed, NONE_CHOSEN, queryOf } from './filter';
import { nextCase } from './model';
import * as runs from './run';
import type { Run } from './run';
import { inbox } from './state.svelte';
import type { Case, CaseDetail, CasesAnswer, Mark, MarksAnswer } from './types';
import { kindWord } from './words';

const API = '/api/v1/dispatch/conflicts';
/** Rows the server gives at once. */
const PAGE = 500;
/** Ids it looks up at once. */
const MOST_IDS = 200;
export const STEP = 100;

function labelOf(item: Pick<Case, 'id' | 'kind' | 'waybill'>): string {
  return item.waybill ?? `${kindWord(item.kind)} ${item.id.slice(-4)}`;
}

function currentQuery(tools: Tools): string {
  return queryOf(narrowed(tools.desk.route.own, tools.desk.route.decided));
}

// --- reading --------------------------------------------------------------------------------------------------------

async function readList(tools: Tools): Promise<void> {
  const query = currentQuery(tools);
  if (query !== inbox.query) {
    inbox.wanted = STEP;
    inbox.chosen = NONE_CHOSEN;
    inbox.capped = false;
  }
  const rows: Case[] = [];
  let answer: CasesAnswer | null = null;
  for (let offset = 0; offset < inbox.wanted; offset += PAGE) {
    const limit = Math.min(PAGE, inbox.wanted - offset);
    answer = await tools.door.get<CasesAnswer>(`${API}?${query}&limit=${limit}&offset=${offset}`);
    rows.push(...answer.conflicts);
    if (rows.length >= answer.total) break;
  }
  if (answer === null || query !== currentQuery(tools)) return;
  inbox.rows = [...new Map(rows.map((row) => [row.id, row])).values()];
  inbox.query = query;
  inbox.total = answer.total;
  inbox.counts = answer.counts;
  inbox.colleagues = answer.colleagues;
  inbox.chosen = kept(inbox.chosen, rows, tools.desk.route.decided);
}

async function readDetail(tools: Tools): Promise<void> {
  const id = tools.desk.route.case;
  if (id === '') return;
  if (inbox.detail.id !== id) inbox.detail = { id, value: null, error: null };
  try {
    const value = await tools.door.get<CaseDetail>(`${API}/${encodeURIComponent(id)}`);
    if (tools.desk.route.case === id) inbox.detail = { id, value, error: null };
  } catch (failure) {
    const error = asDoorError(failure);
    if (tools.desk.route.case === id) inbox.detail = { ...inbox.detail, error: error.code };
    // A case that is gone is told in its pane; it does not make the desk "offline".
    if (error.passing || error.status === 401) throw failure;
  }
}

/** One round over list and detail. */
export async function read(tools: Tools): Promise<void> {
  const user = tools.desk.user?.id ?? '';
  if (inbox.user !== user) inbox.reset(user);
  const [list, detail] = await Promise.allSettled([readList(tools), readDetail(tools)]);
  inbox.error = list.status === 'rejected' ? asDoorError(list.reason).code : null;
  for (const part of [list, detail]) if (part.status === 'rejected') throw part.reason;
}

export function more(tools: Tools): void {
  if (inbox.rows === null || inbox.rows.length >= inbox.total || inbox.wanted > inbox.rows.length) return;
  inbox.wanted += STEP;
  void read(tools).catch(tools.look);
}

/** Everything the filter leaves, or nothing when that is chosen already. */
export async function chooseAll(tools: Tools): Promise<void> {
  if (inbox.chosen.size > 0 && inbox.chosen.size >= inbox.total) {
    inbox.chosen = NONE_CHOSEN;
    return;
  }
  const query = currentQuery(tools);
  const answer = await tools.door.get<MarksAnswer>(`${API}/ids?${query}&limit=${MOST_CHOSEN}`);
  if (query !== currentQuery(tools)) return;
  inbox.chosen = new Map(answer.cases.map((mark) => [mark.id, mark]));
  inbox.capped = answer.total > answer.cases.length;
}

// --- writing --------------------------------------------------------------------------------------------------------

const SLOWEST = 30_000;

function rest(tools: Tools, ms: number): Promise<void> {
  return new Promise((done) => tools.after(ms, done));
}

function current(id: string): Run | null {
  return inbox.runs.find((run) => run.id === id) ?? null;
}

async function sendSlice(tools: Tools, run: Run): Promise<void> {
  const operations: Operation[] = runs.nextSlice(run);
  const answer = await tools.door.send<{ results: OperationResult[] }>('POST', '/api/v1/operations', { operations });
  inbox.putRun(runs.answered(current(run.id) ?? run, operations, answer.results));
}

/** Sends slice after slice with the ids they were made with, until every case has an answer. */
export async function start(tools: Tools, made: Run): Promise<Run> {
  if (made.lines.length === 0) return { ...made, state: 'over' };
  inbox.putRun(made);
  let failures = 0;
  for (let run: Run | null = made; run !== null && run.state !== 'over'; run = current(made.id)) {
    try {
      await sendSlice(tools, run);
      failures = 0;
    } catch (failure) {
      const error = asDoorError(failure);
      if (!error.passing && error.status !== 401) {
        inbox.putRun(runs.ended(current(made.id) ?? run, 'refused', error.code));
        continue;
      }
      failures += 1;
      const now = current(made.id);
      if (now !== null && now.state !== 'over') inbox.putRun({ ...now, state: 'waiting' });
      const asked = (error.retryAfter ?? 0) * 1_000;
      await rest(tools, Math.max(asked, Math.min(SLOWEST, 1_000 * 2 ** Math.min(failures, 5))));
    }
  }
  const over = current(made.id);
  if (over !== null) inbox.putRun({ ...over, ended: tools.stamp().now });
  await nameTheFirst(tools, made.id).catch(() => undefined);
  tools.look();
  await read(tools).catch(() => undefined);
  return current(made.id) ?? made;
}

/** Says of cases that were settled by somebody else who that was. */
async function nameTheFirst(tools: Tools, id: string): Promise<void> {
  const late = (current(id)?.lines ?? []).filter((line) => line.state === 'late').map((line) => line.case);
  for (let from = 0; from < late.length; from += MOST_IDS) {
    const ids = late.slice(from, from + MOST_IDS).join(',');
    const answer = await tools.door.get<CasesAnswer>(`${API}?ids=${ids}&limit=${MOST_IDS}`);
    const run = current(id);
    if (run !== null) inbox.putRun(runs.named(run, answer.conflicts));
  }
}

export function stop(id: string): void {
  const run = current(id);
  if (run !== null) inbox.putRun(runs.ended(run, 'stopped'));
}

/** Decides the case on the screen; when that took effect, the next one comes up. */
export async function decideCase(tools: Tools, item: Case, outcome: Outcome, reason: string): Promise<Run> {
  const before = inbox.rows ?? [];
  const marks = [{ id: item.id, label: labelOf(item) }];
  const run = await start(tools, runs.decideAll(tools.stamp(), marks, outcome, reason));
  const settled = run.lines.every((line) => line.state === 'done' || line.state === 'late');
  if (settled && tools.desk.route.case === item.id && !tools.desk.route.decided) {
    tools.desk.go({ case: nextCase(before, item.id) });
  }
  return run;
}

function labelled(marks: Iterable<Mark>): (Mark & { label: string })[] {
  const rows = new Map((inbox.rows ?? []).map((row) => [row.id, row]));
  return [...marks].map((mark) => ({
    ...mark,
    label: labelOf(rows.get(mark.id) ?? { ...mark, waybill: null }),
  }));
}

export async function decideChosen(tools: Tools, outcome: Outcome, reason: string): Promise<void> {
  const marks = labelled(inbox.chosen.values());
  inbox.deciding = false;
  inbox.chosen = NONE_CHOSEN;
  await start(tools, runs.decideAll(tools.stamp(), marks, outcome, reason));
}

export async function giveChosen(tools: Tools, owner: string | null): Promise<void> {
  const marks = labelled(inbox.chosen.values());
  inbox.chosen = NONE_CHOSEN;
  await start(tools, runs.assignAll(tools.stamp(), marks, owner));
}

export async function give(tools: Tools, item: Case, owner: string | null): Promise<void> {
  await start(tools, runs.assignAll(tools.stamp(), labelled([item]), owner));
}

export async function undoCase(tools: Tools, item: Case): Promise<void> {
  await takeBack(tools, runs.undoOne(tools.stamp(), item, labelOf(item)));
}

export async function undoRun(tools: Tools, run: Run): Promise<void> {
  await takeBack(tools, runs.undoRun(tools.stamp(), run));
}

/** A way back that was refused leaves the decision standing, and its button with it. */
async function takeBack(tools: Tools, back: Run | null): Promise<void> {
  if (back === null) return;
  mark(back.lines, true);
  const done = await start(tools, back);
  mark(
    done.lines.filter((line) => line.state === 'refused' || line.state === 'stopped'),
    false,
  );
}

function mark(lines: readonly runs.Line[], back: boolean): void {
  const decisions = lines.map((line) => String(line.operation.payload['decision']));
  inbox.runs = inbox.runs.map((run) => runs.backed(run, decisions, back));
}
