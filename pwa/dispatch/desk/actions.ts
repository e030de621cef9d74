/** Reading: one round of questions to the server, each answer put into the desk's state only when it changed. */
import type { Tools } from '../context';
import { asDoorError } from '../door';
import type {
  ConflictCase,
  CouriersAnswer,
  DeviceRow,
  SummaryAnswer,
  TaskDetail,
  TaskRow,
  TasksAnswer,
} from '../types';

const API = '/api/v1';
/** Rows asked for at once. The server may give fewer; `total` says when there are more. */
const PAGE = 1000;

/** Answers by address, so that an unchanged one is neither parsed nor drawn again. */
const held = new Map<string, string>();

export function forgetAnswers(): void {
  held.clear();
}

/** The time an answer was made says nothing about whether what it tells has changed. */
const CLOCK = /"server_time": ?\d+/;

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

/** Pages of the last round, by offset: an unchanged page keeps its row objects. */
let pages: TasksAnswer[] = [];

async function readTasks(tools: Tools): Promise<void> {
  const read: TasksAnswer[] = [];
  let fresh = tools.desk.tasks === null;
  let offset = 0;
  for (let total = 1; offset < total;) {
    const answer = await changed<TasksAnswer>(tools, `${API}/dispatch/tasks?limit=${PAGE}&offset=${offset}`);
    const page: TasksAnswer | undefined = answer ?? pages[read.length];
    if (page === undefined) {
      forgetAnswers();
      return readTasks(tools);
    }
    fresh ||= answer !== null;
    read.push(page);
    total = page.total;
    if (page.tasks.length === 0) break;
    offset += page.tasks.length;
  }
  fresh ||= read.length !== pages.length;
  pages = read;
  if (fresh) tools.desk.tasks = unique(read.flatMap((page) => page.tasks));
}

/** A row that moved between two pages while they were read may come twice. */
function unique(rows: TaskRow[]): TaskRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}

/** Clear names and phones are searched by the server alone; this page holds masked ones. */
export async function readFound(tools: Tools): Promise<void> {
  const text = tools.desk.route.q.trim();
  if (text === '') {
    if (tools.desk.found.size > 0) tools.desk.found = new Set();
    return;
  }
  const path = `${API}/dispatch/tasks?q=${encodeURIComponent(text)}&limit=${PAGE}&offset=0`;
  const answer = await changed<TasksAnswer>(tools, path);
  if (answer !== null && tools.desk.route.q.trim() === text) {
    tools.desk.found = new Set(answer.tasks.map((row) => row.id));
    held.delete(path);
  }
}

async function readCases(tools: Tools): Promise<void> {
  const { desk } = tools;
  if (desk.route.view !== 'conflicts') return;
  type Answer = { conflicts: ConflictCase[] };
  try {
    const open = await changed<Answer>(tools, `${API}/dispatch/conflicts?status=open`);
    if (open !== null) desk.openCases = open.conflicts;
    if (desk.route.decided || desk.route.case !== '') {
      const decided = await changed<Answer>(tools, `${API}/dispatch/conflicts?status=decided`);
      if (decided !== null) desk.decidedCases = decided.conflicts;
    }
    desk.casesError = null;
  } catch (error) {
    desk.casesError = asDoorError(error).code;
    throw error;
  }
}

export async function readDevices(tools: Tools): Promise<void> {
  const { desk } = tools;
  if (desk.route.view !== 'devices') return;
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

/** One round. Answers arrive independently: the table does not wait for the detail. */
export async function lookOnce(tools: Tools): Promise<void> {
  const round = await Promise.allSettled([
    readSummary(tools),
    readCouriers(tools),
    readTasks(tools),
    readFound(tools),
    readCases(tools),
    readDevices(tools),
    readDetail(tools),
  ]);
  const failed = round.filter((part) => part.status === 'rejected').map((part) => asDoorError(part.reason));
  const ended = failed.find((error) => error.status === 401);
  if (ended !== undefined && tools.desk.session === 'in') tools.desk.session = 'ended';
  const worst = ended ?? failed[0];
  if (worst !== undefined) throw worst;
}
