/** The engine: everything the courier's screens may do with records. Built from one Platform, the same in browser and Node. */
import { strict } from '../store';
import { newId, openContext, type Context } from './context';
import { askToPersist, enrol, publicIdentity } from './enrol';
import { logIn, logOut } from './login';
import { currentManifest } from './manifest';
import { messageViews } from './messages';
import { acknowledge } from './news';
import { syncNow } from './once';
import { follow } from './place';
import type { Picture } from './picture';
import { receipt } from './receipt';
import { recorded } from './recorded';
import { opened } from './requests';
import { Scheduler } from './scheduler';
import { settleAll } from './settle';
import { look } from './memory';
import { status } from './status';
import type * as Recording from './submit';
import { sendBytes, sendJson } from './transport';
import { EnrolError, type Engine, type EngineOptions, type Platform, type SyncOutcome } from './types';
import { verdict } from './verdict';

export * from './types';

/** Opens (or makes) the local database and answers an engine on it. Nothing is sent before `start` or `sync`. */
export async function createEngine(platform: Platform, options: EngineOptions): Promise<Engine> {
  const listeners = new Set<() => void>();
  const ctx = await openContext(platform, options, () => listeners.forEach((listen) => listen()));
  const sync = coalesced(ctx);
  const picture = async (): Promise<Picture> => (await look(ctx)).picture;
  const scheduler = new Scheduler(ctx, sync);
  await follow(ctx);
  return {
    identity: () => (ctx.identity ? publicIdentity(ctx.identity) : null),
    async enrol(code, label) {
      // A handheld that shows a list can record, also when the signal is gone with its first row.
      await recording().catch(() => Promise.reject(new EnrolError('offline')));
      return enrol(ctx, code, label ?? null);
    },
    logIn: (code) => logIn(ctx, code),
    logOut: () => logOut(ctx),
    async submit(drafts, blobs = [], shown = []) {
      const { submit } = await recording();
      const saved = await submit(ctx, drafts, blobs, shown);
      if (saved.some((envelope) => envelope.type.startsWith('shift.'))) {
        await follow(ctx);
        void askToPersist(ctx);
      }
      ctx.changed();
      scheduler.wake();
      return saved;
    },
    today: async () => (await picture()).today,
    task: async (id) => (await picture()).views.get(`task:${id}`) ?? null,
    outbox: async () => (await picture()).outbox,
    notices: async () => (await picture()).notices,
    markSeen: (id) => markSeen(ctx, id),
    news: async () => (await picture()).news,
    acknowledge: async (tasks) => {
      await acknowledge(ctx, tasks);
      await settleAll(ctx);
      ctx.changed();
    },
    messages: () => messageViews(ctx),
    opened: (task) => opened(ctx, task),
    verdict: (code) => verdict(ctx, code),
    shift: async () => (await picture()).shift,
    receipt: () => receipt(ctx),
    recorded: (since) => recorded(ctx, since),
    // A rescue is rare: it is fetched with the later screens, not before the list.
    rescue: async () => (await import('./rescue')).rescue(ctx),
    async carry(file) {
      await (await import('./rescue')).carry(ctx, file);
      scheduler.wake();
    },
    carried: async () => (await import('./rescue')).carried(ctx),
    status: () => status(ctx),
    sync,
    start() {
      // Behind the first screen: what is recorded waits for no line that may be gone by then.
      recording().catch(() => undefined);
      look(ctx)
        .then(({ meta }) => currentManifest(ctx, meta.manifest_asked))
        .catch(() => undefined);
      scheduler.start();
    },
    stop: () => scheduler.stop(),
    subscribe(fn) {
      listeners.add(fn);
      return () => void listeners.delete(fn);
    },
    call: (method, path, body = null) => sendJson(ctx, method, path, body),
    piece: async (path, offset, length) => {
      const headers = { range: `bytes=${offset}-${offset + length - 1}` };
      return (await sendBytes(ctx, { method: 'GET', path, headers, body: null })).body;
    },
    newId: () => newId(platform),
    close() {
      scheduler.stop();
      platform.location?.watch(false);
      ctx.db.close();
    },
  };
}

/** What an operation may say is a third of the engine, and no list needs it. */
function recording(): Promise<typeof Recording> {
  return import('./submit');
}

/** One sync at a time within this engine; who asks while one runs gets its outcome. */
function coalesced(ctx: Context): () => Promise<SyncOutcome> {
  let running: Promise<SyncOutcome> | null = null;
  return () => {
    running ??= syncNow(ctx).finally(() => (running = null));
    return running;
  };
}

/** Notes that a person has looked: at an operation and at the notices about it so far, or at one notice. */
async function markSeen(ctx: Context, id: string): Promise<void> {
  const about = (await look(ctx)).picture.notices.filter((notice) => notice.op_id === id);
  const at = ctx.platform.now();
  await strict(ctx.db, ['seen'], async (tx) => {
    await Promise.all(
      [id, ...about.map((notice) => notice.id)].map((one) => tx.objectStore('seen').put({ id: one, at })),
    );
  });
  await settleAll(ctx);
  ctx.changed();
}
