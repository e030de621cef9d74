/** Reading: what the line says has changed, as far as it is on the screen; unchanged answers cost no redraw. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import { filterQuery } from '../filter';
import { isNews, type Look } from '../live/model';
import { screenOf } from '../screens';
import type {
  CouriersAnswer,
  DeviceRow,
  SavedFilter,
  SummaryAnswer,
  TaskDetail,
  TaskIdsAnswer,
  TaskRow,
  TasksAnswer,
} from '../types';

const API = '/api/v1';

/** Answers by address, so that an unchanged one is neither parsed nor drawn again. */
const held = new Map<string, string>();

export function forgetAnswers(): void {
  held.clear();
}

/** The time an answer was made says nothing about whether what it tells has changed. */
const CLOCK = /"(server_time|as_of)": ?\d+/;

/** The parsed answer, or null when it is what we hold already. */
async function changed<T>(tools: Tools, path: string): Promise<T | null> {
  const text = await tools.door.text(path);
  const content = text.replace(CLOCK, '');
  if (held.get(path) === content) return null;
  held.set(path, content);
  return JSON.parse(text) as T;
}

async function readSummary(tools: Tools): Promise<void> {
  const asked = Date.now();
  const answer = await tools.door.get<SummaryAnswer>(`${API}/dispatch/summary`);
  tools.desk.offset = answer.server_time - (asked + Date.now()) / 2;
  tools.desk.summary = answer;
}

async function readCouriers(tools: Tools): Promise<void> {
  const answer = await changed<CouriersAnswer>(tools, `${API}/dispatch/couriers`);
  if (answer !== null) tools.desk.couriers = answer.couriers;
}

/** The server's page of the task table. */
export function readPage(
  tools: Pick<Tools, 'door'>,
  query: string,
  offset: number,
  limit: number,
  signal: AbortSignal,
): Promise<TasksAnswer> {
  const rest = `limit=${limit}&offset=${offset}`;
  return tools.door.get<TasksAnswer>(`${API}/dispatch/tasks?${query === '' ? rest : `${query}&${rest}`}`, signal);
}

/** Every task the filter leaves, also those no page holds. */
export function readIds(tools: Tools): Promise<TaskIdsAnswer> {
  return tools.door.get<TaskIdsAnswer>(`${API}/dispatch/tasks/ids?${filterQuery(tools.desk.route).toString()}`);
}

/** Ids the server looks up at once. */
const MOST_IDS = 200;

/** Put the present rows of these tasks where deeds and panes find them. */
export async function lookUp(tools: Tools, ids: readonly string[]): Promise<TaskRow[]> {
  const rows: TaskRow[] = [];
  for (let from = 0; from < ids.length; from += MOST_IDS) {
    const part = ids.slice(from, from + MOST_IDS);
    const answer = await tools.door.get<TasksAnswer>(`${API}/dispatch/tasks/lookup?ids=${part.join(',')}`);
    rows.push(...answer.tasks);
  }
  if (rows.length > 0) tools.desk.table.learn(rows);
  return rows;
}

export async function readFilters(tools: Tools): Promise<void> {
  const answer = await changed<{ filters: SavedFilter[] }>(tools, `${API}/dispatch/filters`);
  if (answer !== null) tools.desk.filters = answer.filters;
}

export async function readDevices(tools: Tools): Promise<void> {
  const { desk } = tools;
  try {
    const answer = await changed<{ devices: DeviceRow[] }>(tools, `${API}/devices`);
    if (answer !== null) desk.devices = answer.devices;
    desk.devicesError = null;
  } catch (error) {
    desk.devicesError = asDoorError(error).code;
    throw error;
  }
}

/** The task in the right pane. A task that is gone is told in its pane; it does not make the desk "offline". */
export async function readDetail(tools: Tools): Promise<void> {
  const { desk } = tools;
  const id = desk.route.task;
  if (id === '' || desk.route.view !== 'board') return;
  if (desk.detail.id !== id) desk.detail = { id, value: null, error: null };
  const path = `${API}/dispatch/tasks/${encodeURIComponent(id)}`;
  if (desk.detail.value === null) held.delete(path);
  try {
    const value = await changed<TaskDetail>(tools, path);
    if (desk.route.task === id && value !== null) desk.detail = { id, value, error: null };
  } catch (error) {
    const failure = asDoorError(error);
    if (desk.route.task === id) desk.detail = { ...desk.detail, error: failure.code };
    if (failure.passing || failure.status === 401) throw error;
  }
}

async function readScreen(tools: Tools): Promise<void> {
  const entry = screenOf(tools.desk.route.view);
  if (entry !== null) await (await entry.load()).read?.(tools);
}

const shown = () => true;
const failed = () => false;

/** The readings a look asks for, of those that are on the screen; `ahead`: the rows are there already. */
function readings(tools: Tools, look: Look, ahead: boolean): Promise<void>[] {
  const { desk } = tools;
  const board = desk.route.view === 'board';
  const tasks = look.tasks === null || look.tasks.length > 0;
  const jobs: Promise<void>[] = [];
  if (tasks || look.cases) jobs.push(readSummary(tools));
  if (tasks || look.couriers) jobs.push(readCouriers(tools));
  if (board && (tasks || look.cases)) {
    if (!ahead) jobs.push(desk.table.refresh(desk.query));
    if (look.tasks === null || look.cases || look.tasks.includes(desk.route.task)) jobs.push(readDetail(tools));
  }
  if (board && desk.followMap !== null) jobs.push(desk.followMap(look));
  if (!board && isNews(look)) jobs.push(readScreen(tools));
  if (look.tasks === null) jobs.push(readFilters(tools));
  return jobs;
}

/**
 * One round. Answers arrive independently: the table does not wait for the detail. Only the very first rows go ahead of
 * everything: with a day of 50,000 tasks the other readings would hold them up by as much as they take themselves.
 */
export async function readLook(tools: Tools, look: Look): Promise<void> {
  const { route, table, query } = tools.desk;
  const first = route.view === 'board' && table.total === null;
  const ahead = first && (await table.refresh(query).then(shown, failed));
  await settle(readings(tools, look, ahead));
}

/** What was just opened is read without waiting for the line. */
export async function readOpened(tools: Tools): Promise<void> {
  await settle([readScreen(tools)]);
}

async function settle(jobs: Promise<void>[]): Promise<void> {
  const round = await Promise.allSettled(jobs);
  const failed = round.filter((part) => part.status === 'rejected').map((part) => asDoorError(part.reason));
  const worst = failed.find((error) => error.status === 401) ?? failed[0];
  if (worst !== undefined) throw worst;
}
