import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TaskTable } from '../../../pwa/dispatch/board/rows.svelte';
import type { Tools } from '../../../pwa/dispatch/context';
import { forgetAnswers, readLook, readPage } from '../../../pwa/dispatch/desk/actions';
import { Desk } from '../../../pwa/dispatch/desk/state.svelte';
import { Door } from '../../../pwa/dispatch/door';
import { EVERYTHING } from '../../../pwa/dispatch/live/model';
import { NOON } from './rows';

const ANSWERS: Record<string, object> = {
  tasks: { tasks: [], total: 7, as_of: NOON },
  summary: { server_time: NOON },
  couriers: { couriers: [] },
  filters: { filters: [] },
};
const settle = () => new Promise((done) => setTimeout(done, 0));

describe('reading the board', () => {
  let asked: { name: string; answer(): void; fail(): void }[];
  let tools: Tools;
  const names = () => asked.map((one) => one.name);
  const answerAll = async () => {
    for (const one of asked) one.answer();
    await settle();
  };

  beforeEach(() => {
    vi.stubGlobal('location', { hash: '#/board', pathname: '/dispatch', search: '' });
    forgetAnswers();
    asked = [];
    const door = new Door(
      (path) =>
        new Promise((answer, refuse) => {
          const name = path.split('/').at(-1)?.split('?')[0] ?? '';
          const body = JSON.stringify(ANSWERS[name]);
          asked.push({ name, answer: () => answer(new Response(body)), fail: () => refuse(new TypeError('offline')) });
        }),
    );
    const table = new TaskTable((...page) => readPage({ door }, ...page));
    tools = { desk: new Desk(table), door } as unknown as Tools;
  });
  afterEach(() => vi.unstubAllGlobals());

  it('lets the first rows go ahead of all else, and asks for them once', async () => {
    const read = readLook(tools, EVERYTHING);
    await settle();
    expect(names()).toEqual(['tasks']);
    await answerAll();
    expect(tools.desk.table.total).toBe(7);
    expect(names().sort()).toEqual(['couriers', 'filters', 'summary', 'tasks']);
    await answerAll();
    await read;
    expect(tools.desk.summary).not.toBeNull();
  });

  it('asks for everything when the first rows do not come, and says so', async () => {
    const read = readLook(tools, EVERYTHING);
    const failed = expect(read).rejects.toMatchObject({ status: 0 });
    await settle();
    asked[0]?.fail();
    await settle();
    expect(names().sort()).toEqual(['couriers', 'filters', 'summary', 'tasks', 'tasks']);
    asked.find((one, at) => one.name === 'tasks' && at > 0)?.fail();
    await answerAll();
    await failed;
    expect(tools.desk.summary).not.toBeNull();
  });

  it('reads all at once when rows are on the screen', async () => {
    const first = readLook(tools, EVERYTHING);
    await settle();
    await answerAll();
    await answerAll();
    await first;
    asked = [];
    void readLook(tools, EVERYTHING);
    await settle();
    expect(names().sort()).toEqual(['couriers', 'filters', 'summary', 'tasks']);
    await answerAll();
  });
});
