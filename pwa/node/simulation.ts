/**
 * Simulated handhelds: the real engine on storage in memory, one step at a time.
 *
 * Standard input holds one JSON object a line, `{d, do, now, elapsed, k, …}`; standard output answers each with one. `d` is a
 * handheld, `now` what it takes the time for, `elapsed` the true time, `k` how many tasks it may run before the answer, `look`
 * whether the answer says as well what then lies in its storage. This
 * process never turns its event loop: a line is read, tasks run with their microtasks, a line is written. Whatever would finish
 * by itself (a socket, a thread pool) therefore never does, and shows at once.
 */
import 'fake-indexeddb/auto';

import { readSync, writeSync } from 'node:fs';

import { Device } from './simulation-device';
import { look, mirror } from './simulation-look';
import { age } from './simulation-old';

interface Line {
  d: string;
  do: string;
  now: number;
  elapsed: number;
  k: number;
  [name: string]: unknown;
}

type Command = (device: Device, line: Line) => unknown;

const devices = new Map<string, Device>();
let current: Device | null = null;
let wall = 0;

const COMMANDS: Record<string, Command> = {
  run: () => null,
  open: (device, { tab, alone }) => device.open(tab as string, alone === true),
  close: (device, { tab }) => device.closeTab(tab as string),
  call: (device, { id, tab, verb, args }) => device.call(id as number, tab as string, verb as string, args),
  signal: (device, { what }) => device.signal(what as string),
  answer: (device, { request, status, headers, body }) =>
    device.answer(
      request as string,
      status === undefined
        ? null
        : {
            status: status as number,
            headers: headers as Record<string, string>,
            body: new Uint8Array(Buffer.from(body as string, 'base64')),
          },
    ),
  kill: (device, { kept }) => device.kill(kept === true),
  keep: (device, { image }) => device.keep(image as string),
  back: (device, { image }) => device.turnBack(image as string),
  evict: (device) => device.evict(),
  worker: (device, { id, frozen }) => device.wakeWorker(id as number, frozen === true),
  age: ({ factory }, { ops }) => age(factory, ops as string[]),
  mirror: ({ factory }) => mirror(factory),
};

/** Resolves when no microtask is left. Ticks are no turn of the event loop. */
function drained(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/**
 * Runs at most `k` tasks, timers that are due among them. Answers how many it ran, and after which of them a killed app would
 * leave something else behind than before: on its disk, or on the line.
 */
async function run(device: Device, k: number): Promise<{ ran: number; marks: number[] }> {
  let ran = 0;
  const marks: number[] = [];
  await drained();
  let before = device.standing();
  while (ran < k) {
    const task = device.tasks.shift() ?? device.dueTimer();
    if (!task) break;
    task();
    ran += 1;
    await drained();
    const after = device.standing();
    if (after !== before) marks.push(ran);
    before = after;
  }
  return { ran, marks };
}

async function handle(line: Line): Promise<unknown> {
  if (line.do === 'reset') {
    devices.clear();
    for (const name of line['devices'] as string[]) {
      const bug = (line['bug'] as string | undefined) ?? null;
      devices.set(name, new Device(`${String(line['seed'])}/${name}`, bug, line['worker'] === true));
    }
    return {};
  }
  const device = devices.get(line.d) as Device;
  current = device;
  wall = line.now;
  device.setClock(line.now, line.elapsed);
  const value = (COMMANDS[line.do] as Command)(device, line) ?? null;
  const { ran, marks } = await run(device, line.k);
  current = null;
  const { sent, said, noted, life } = device;
  [device.sent, device.said, device.noted] = [[], [], []];
  const seen = line['look'] === true ? look(device.factory) : undefined;
  return { value, ran, marks, left: device.tasks.length, next: device.nextTimer(), sent, said, noted, life, seen };
}

/** Everything that would bring time, chance or the world in from outside. */
function seal(): void {
  const forbidden = (name: string) => (): never => {
    throw new Error(`${name} is not part of the simulation`);
  };
  const real = Date;
  const time = (): Date => new real(wall);
  Object.assign(globalThis, {
    setImmediate: (task: () => void) => (current as Device).tasks.push(task),
    setTimeout: forbidden('setTimeout'),
    setInterval: forbidden('setInterval'),
    fetch: forbidden('fetch'),
    Date: new Proxy(real, {
      get: (target, name) => (name === 'now' ? () => wall : (Reflect.get(target, name) as unknown)),
      construct: (target, args: []) => (args.length ? new target(...args) : time()),
      apply: () => String(time()),
    }),
  });
  Math.random = forbidden('Math.random');
  for (const name of ['digest', 'sign', 'encrypt'] as const) {
    crypto.subtle[name] = forbidden('crypto.subtle') as never;
  }
}

function* lines(): Generator<string> {
  const chunk = Buffer.alloc(1 << 16);
  let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  for (let n = readSync(0, chunk); n > 0; n = readSync(0, chunk)) {
    rest = Buffer.concat([rest, chunk.subarray(0, n)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.subarray(0, end).toString();
      rest = rest.subarray(end + 1);
    }
  }
}

function write(text: string): void {
  const bytes = Buffer.from(`${text}\n`);
  for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at);
}

seal();
for (const text of lines()) write(JSON.stringify(await handle(JSON.parse(text) as Line)));
