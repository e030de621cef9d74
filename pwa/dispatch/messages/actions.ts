/** Reading messages, and sending one. */
import type { Tools } from '../context';
import { lookUp } from '../desk/actions';
import type { Operation } from '../operations';
import type { OperationResult } from '../types';
import { joined } from './model';
import { messages } from './state.svelte';
import type { MessagesAnswer } from './types';

const PATH = '/api/v1/dispatch/messages';

export async function read(tools: Tools): Promise<void> {
  const { about } = tools.desk.route.own;
  if (about && tools.desk.table.get(about) === null) void lookUp(tools, [about]).catch(() => undefined);
  try {
    const answer = await tools.door.get<MessagesAnswer>(PATH);
    const first = messages.list === null;
    messages.list = joined(answer.messages, messages.list ?? []);
    if (first) messages.more = answer.more;
    messages.failed = false;
  } catch (error) {
    messages.failed = true;
    throw error;
  }
}

export async function readOlder(tools: Tools): Promise<void> {
  const last = messages.list?.at(-1);
  if (last === undefined || messages.growing) return;
  messages.growing = true;
  try {
    const answer = await tools.door.get<MessagesAnswer>(`${PATH}?before=${last.id}`);
    messages.list = [...(messages.list ?? []), ...answer.messages];
    messages.more = answer.more;
  } finally {
    messages.growing = false;
  }
}

/** The same message sent again is the same message: its id says so. */
export async function send(tools: Tools, operation: Operation): Promise<OperationResult> {
  const body = { operations: [operation] };
  const { results } = await tools.door.send<{ results: OperationResult[] }>('POST', '/api/v1/operations', body);
  const [result] = results;
  if (result === undefined) throw new Error('no result');
  await read(tools).catch(() => undefined);
  return result;
}
