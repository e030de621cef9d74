/**
 * Handhelds without hands: the real engine, driven line by line.
 *
 * Standard input holds one JSON object a line, `{id, handheld, now, do, args}`; standard output answers each with
 * `{id, ok: true, value}` or `{id, ok: false, error: {name, message, code?, problems?}}`. `now` is the handheld's wall clock in ms,
 * `elapsing` the true time where the two differ.
 * Calls of one handheld run in order, those of different handhelds side by side. One process holds many handhelds, each with
 * storage of its own; it ends when standard input does. Everything else (logs) goes to standard error.
 */
import 'fake-indexeddb/auto';

import { createInterface } from 'node:readline';

import { createEngine, EnrolError, SubmitError, type BlobInput, type Draft, type Engine } from '../engine';
import { virtualPlatform, type VirtualPlatform } from './platform';

interface Call {
  id: number | string;
  handheld: string;
  now: number;
  elapsing?: number | null;
  do: string;
  args?: Record<string, unknown>;
}

interface Handheld {
  platform: VirtualPlatform;
  engine: Engine;
  open: { baseUrl: string; app: string };
}

type Verb = (handheld: Handheld, args: never) => unknown;

const handhelds = new Map<string, Handheld>();
const tails = new Map<string, Promise<void>>();

const VERBS: Record<string, Verb> = {
  enrol: ({ engine }, { code, label }: { code: string; label?: string }) => engine.enrol(code, label),
  submit: ({ engine }, { drafts, blobs }: { drafts: Draft[]; blobs?: WireBlob[] }) =>
    engine.submit(drafts, (blobs ?? []).map(decoded)),
  sync: ({ engine }) => engine.sync(),
  today: ({ engine }) => engine.today(),
  task: ({ engine }, { id }: { id: string }) => engine.task(id),
  verdict: ({ engine }, { code }: { code: string }) => engine.verdict(code),
  status: ({ engine }) => engine.status(),
  shift: ({ engine }) => engine.shift(),
  outbox: ({ engine }) => engine.outbox(),
  notices: ({ engine }) => engine.notices(),
  seen: ({ engine }, { id }: { id: string }) => engine.markSeen(id),
  opened: ({ engine }, { task }: { task: string }) => engine.opened(task),
  place: ({ platform }, { at }: { at: Parameters<VirtualPlatform['place']>[0] }) => platform.place(at),
  identity: ({ engine }) => engine.identity(),
  new_id: ({ engine }) => engine.newId(),
  online: ({ platform }, { online }: { online: boolean }) => platform.setOnline(online),
  restart,
  kill,
};

type WireBlob = Omit<BlobInput, 'bytes'> & { base64: string };

function decoded({ base64, ...blob }: WireBlob): BlobInput {
  return { ...blob, bytes: new Uint8Array(Buffer.from(base64, 'base64')) };
}

/** `open {baseUrl, app?, seed?}`: a fresh handheld, not enrolled. Its chance follows from seed and name. */
async function open(call: Call): Promise<null> {
  const { baseUrl, app, seed } = call.args as { baseUrl: string; app?: string; seed?: number | string };
  if (handhelds.has(call.handheld)) throw new Error(`${call.handheld} is open already`);
  const platform = virtualPlatform({
    name: call.handheld,
    seed: `${seed ?? ''}/${call.handheld}`,
    now: call.now,
    onLog: (level, event, data) => console.error(JSON.stringify({ handheld: call.handheld, level, event, ...data })),
  });
  const options = { baseUrl, app: app ?? 'day' };
  handhelds.set(call.handheld, { platform, engine: await createEngine(platform, options), open: options });
  return null;
}

/** The app is closed and opened again on the same storage: memory is gone, what was saved is not. */
async function restart(handheld: Handheld): Promise<null> {
  handheld.engine.close();
  handheld.platform = handheld.platform.reborn();
  handheld.engine = await createEngine(handheld.platform, handheld.open);
  return null;
}

/**
 * `kill {at}`: the app is killed in the middle of an exchange, at that failpoint of it, and started anew. Answers whether it
 * got that far; if not, it is killed when the exchange is over.
 */
async function kill(handheld: Handheld, { at }: { at: string }): Promise<boolean> {
  handheld.platform.kill(at);
  await handheld.engine.sync().catch(() => undefined);
  const there = handheld.platform.dead;
  handheld.platform.kill();
  await restart(handheld);
  return there;
}

async function perform(call: Call): Promise<unknown> {
  if (call.do === 'open') return open(call);
  const handheld = handhelds.get(call.handheld);
  if (!handheld) throw new Error(`${call.handheld} is not open`);
  const verb = VERBS[call.do];
  if (!verb) throw new Error(`no such verb: ${call.do}`);
  handheld.platform.setNow(call.now, call.elapsing ?? call.now);
  return verb(handheld, (call.args ?? {}) as never);
}

function told(error: unknown): Record<string, unknown> {
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SubmitError) return { name, message, problems: error.problems };
  return error instanceof EnrolError ? { name, message, code: error.code } : { name, message };
}

async function answer(line: string): Promise<void> {
  const call = JSON.parse(line) as Call;
  try {
    const value = (await perform(call)) ?? null;
    console.log(JSON.stringify({ id: call.id, ok: true, value }));
  } catch (error) {
    console.log(JSON.stringify({ id: call.id, ok: false, error: told(error) }));
  }
}

function inOrder(line: string): void {
  const { handheld } = JSON.parse(line) as Call;
  const run = (tails.get(handheld) ?? Promise.resolve()).then(() => answer(line));
  tails.set(handheld, run);
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line.trim()) inOrder(line);
  })
  .on('close', () => void Promise.all(tails.values()));
