/** The runner of the real day, bundled as it is used: JSON lines in, JSON lines out, real HTTP to a server. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HttpRequest } from '../../../pwa/platform';
import { delivered, FakeServer, NOW } from '../fakes';

const ROOT = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'doorstep-handheld-'));
const fake = new FakeServer();
let http: Server;
let runner: ChildProcessWithoutNullStreams;
const waiting = new Map<number, (answer: Answer) => void>();
let calls = 0;

interface Answer {
  id: number;
  ok: boolean;
  value: never;
  error?: { name: string; message: string; problems?: { code: string }[] };
}

function ask(doing: string, args: unknown = {}, handheld = 'one', now = NOW): Promise<Answer> {
  const id = (calls += 1);
  runner.stdin.write(`${JSON.stringify({ id, handheld, now, do: doing, args })}\n`);
  return new Promise((resolve) => waiting.set(id, resolve));
}

async function bodyOf(message: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}

beforeAll(async () => {
  await build({
    configFile: join(ROOT, 'pwa/node/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: false },
  });
  http = createServer((message, response) => {
    void bodyOf(message).then(async (body) => {
      const headers = message.headers as Record<string, string>;
      const request = { method: message.method as HttpRequest['method'], path: message.url ?? '', headers, body };
      const answer = await fake.handle(request);
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  runner = spawn(process.execPath, [join(folder, 'handheld.mjs')]);
  createInterface({ input: runner.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
  });
}, 60_000);

afterAll(async () => {
  runner.stdin.end();
  expect(await new Promise((resolve) => runner.on('close', resolve))).toBe(0);
  http.close();
  rmSync(folder, { recursive: true });
});

describe('the runner', () => {
  const open = () => ({ baseUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, seed: 7 });

  it('works a task from enrolment to the server', async () => {
    const task = fake.task('SF1');
    await ask('open', open());
    expect((await ask('enrol', { code: 'CODE', label: 'Handheld' })).value).toMatchObject({ user: { name: 'Li Wei' } });
    expect((await ask('sync')).value).toMatchObject({ ok: true, pulled: 1 });
    expect((await ask('today')).value).toMatchObject([{ task: { id: task } }]);
    expect((await ask('verdict', { code: 'SF 1' })).value).toMatchObject({ verdict: 'mine' });
    await ask('online', { online: false });
    const saved = await ask('submit', { drafts: [delivered(task)] }, 'one', NOW + 60_000);
    expect(saved.value).toMatchObject([{ seq: 1, at: NOW + 60_000, mono: 60_000 }]);
    expect((await ask('sync')).value).toMatchObject({ ok: false, phase: 'offline' });
    await ask('restart');
    expect((await ask('outbox')).value).toMatchObject([{ seq: 1, state: 'saved' }]);
    await ask('online', { online: true });
    expect((await ask('sync')).value).toMatchObject({ ok: true, pushed: 1 });
    expect((await ask('status')).value).toMatchObject({ waiting: 0, allConfirmed: true });
    expect(fake.taskRecord(task).status).toBe('delivered');
  });

  it('names what it was refused, and holds handhelds apart', async () => {
    await ask('open', open(), 'two');
    expect((await ask('status', {}, 'two')).value).toMatchObject({ recorded: 0 });
    const refused = await ask('submit', { drafts: [delivered('x')] }, 'two');
    expect(refused).toMatchObject({ ok: false, error: { name: 'SubmitError', problems: [{ code: 'not_enrolled' }] } });
    expect(await ask('dance', {}, 'two')).toMatchObject({ ok: false, error: { message: 'no such verb: dance' } });
    expect(await ask('status', {}, 'three')).toMatchObject({ ok: false, error: { message: 'three is not open' } });
  });
});
