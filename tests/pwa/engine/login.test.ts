/** The courier's login beside the device's credential, and the end of a revoked handheld, through the engine's own doors. */
import { describe, expect, it } from 'vitest';

import { openDatabase, wipe } from '../../../pwa/store';
import { COURIER, delivered, DEVICE, noted, PNG, problem, rig, type FakeServer } from '../fakes';

const OTHER = { id: '77777777-7777-4777-8777-777777777777', name: 'Bei', lang: 'en' as const };

async function loaded() {
  const made = await rig();
  const task = made.server.task('SF1');
  await made.engine.sync();
  return { ...made, task };
}

const paths = (server: FakeServer) => server.requests.map(({ method, path }) => `${method} ${path}`);

/** Everything the database of a rig still holds, as text. */
async function everything(factory: IDBFactory): Promise<string> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = factory.open('test');
    request.onsuccess = () => resolve(request.result);
  });
  const names = [...db.objectStoreNames];
  const tx = db.transaction(names, 'readonly');
  const values = names.map(
    (name) =>
      new Promise((resolve) => {
        const request = tx.objectStore(name).getAll();
        request.onsuccess = () => resolve([name, request.result]);
      }),
  );
  const text = JSON.stringify(await Promise.all(values));
  db.close();
  return text;
}

describe('a login that is over', () => {
  it('P34 lets the handheld work and send, wipes nothing and says so', async () => {
    const { engine, server, task } = await loaded();
    server.standing = 'login_required';
    server.requests.length = 0;
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1, blobs: 1 });
    expect(server.taskRecord(task).status).toBe('delivered');
    expect(await engine.status()).toMatchObject({ phase: 'idle', loginNeeded: true, allConfirmed: true });
    expect((await engine.today()).map((view) => view.task.id)).toEqual([task]);
    expect(paths(server)).not.toContain('GET /api/v1/manifest');
  });

  it('P34 is known again after a restart, and over once a code has logged in', async () => {
    const { engine, server, again } = await loaded();
    server.standing = 'login_required';
    await engine.sync();
    const reopened = await again();
    expect((await reopened.status()).loginNeeded).toBe(true);
    const later = server.task('SF2');
    await reopened.sync();
    expect(await reopened.today()).toHaveLength(1);
    server.codes.set('AGAIN', { user: COURIER, device: DEVICE });
    await expect(reopened.logIn('WRONG')).rejects.toMatchObject({ code: 'enrolment_invalid' });
    await reopened.logIn(' AGAIN ');
    await reopened.sync();
    expect(await reopened.status()).toMatchObject({ loginNeeded: false });
    expect((await reopened.today()).map((view) => view.task.id)).toContain(later);
    expect(server.ledger.size).toBe(1);
  });

  it('P34 sends the login beside the credential, and none after logging out, with or without a network', async () => {
    for (const online of [true, false]) {
      const { engine, server, task } = await loaded();
      const said: (string | undefined)[] = [];
      server.intercept = (request) => {
        if (request.path === '/api/v1/exchange') said.push(request.headers['x-doorstep-session']);
        if (!online && request.method === 'DELETE') throw new Error('no network');
        return null;
      };
      await engine.submit([noted(task, 'before')]);
      await engine.logOut();
      expect(engine.identity()).toMatchObject({ loggedIn: false, device: DEVICE });
      expect(await engine.today()).toEqual([]);
      expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
      server.codes.set('AGAIN', { user: COURIER, device: DEVICE });
      await engine.logIn('AGAIN');
      await engine.sync();
      expect(said).toEqual(['none', 'login AGAIN']);
      expect((await engine.today()).map((view) => view.task.notes.map((note) => note.text))).toEqual([['before']]);
    }
  });

  it('P34 a handheld that is not enrolled has nobody to log in', async () => {
    const { engine } = await rig(() => ({}), false);
    await expect(engine.logIn('CODE')).rejects.toMatchObject({ code: 'not_enrolled' });
    await engine.logOut();
  });
});

describe('another courier on the same handheld', () => {
  it('P11 sends what the first has recorded under his name, and shows it to nobody', async () => {
    const { engine, server, task } = await loaded();
    const [first] = await engine.submit(
      [delivered(task, { signature: 'blob:0' })],
      [{ bytes: PNG, type: 'image/png' }],
    );
    server.codes.set('OTHER', { user: OTHER, device: DEVICE });
    await engine.logIn('OTHER');
    const his = server.task('SF2', { courier: OTHER.id });
    expect(await engine.today()).toEqual([]);
    expect(await engine.outbox()).toEqual([]);
    expect(await engine.status()).toMatchObject({ waiting: 1, ofOthers: 1, proofsWaiting: 1, needsYou: 0 });
    await engine.submit([noted(his, 'mine')]);
    expect((await engine.outbox()).map((item) => item.type)).toEqual(['task.noted']);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 2, blobs: 1 });
    expect(server.operations.map((op) => [op.author, op.seq])).toEqual([
      [COURIER.id, 1],
      [OTHER.id, 2],
    ]);
    expect(server.operations[0]).toEqual(first);
    expect((await engine.today()).map((view) => view.task.id)).toEqual([his]);
    expect(await engine.status()).toMatchObject({ waiting: 0, ofOthers: 0, allConfirmed: true });
  });

  it.each([
    ['another', OTHER],
    ['the same', COURIER],
  ])('P34 an answer on its way to the first is not shown when %s has logged in meanwhile', async (_who, next) => {
    let late = (): Promise<unknown> => Promise.resolve();
    const { engine, server, platform } = await rig(({ fetch }) => ({
      fetch: async (request) => {
        const answer = await fetch(request);
        if (request.path === '/api/v1/exchange') await late();
        return answer;
      },
    }));
    await engine.sync();
    server.task('SF1');
    const his = server.task('SF2', { courier: next.id });
    server.codes.set('NEXT', { user: next, device: DEVICE });
    late = () => {
      late = () => Promise.resolve();
      return next === COURIER ? engine.logOut().then(() => engine.logIn('NEXT')) : engine.logIn('NEXT');
    };
    expect(await engine.sync()).toMatchObject({ ok: true });
    const shown = (await engine.today()).map((view) => view.task.id);
    expect(shown).toContain(his);
    expect(shown).toHaveLength(next === COURIER ? 2 : 1);
    expect(await engine.status()).toMatchObject({ loginNeeded: false });
    expect(await everything(platform.storage.factory)).not.toContain(next === COURIER ? 'nobody at all' : 'SF1');
  });

  it('P11 keeps for the first what he has to look at, until he is back', async () => {
    const { engine, server, task } = await loaded();
    const [first] = await engine.submit([delivered(task)]);
    server.opIds.set(first?.op_id ?? '', { content: 'other', result: {} as never });
    server.codes.set('OTHER', { user: OTHER, device: DEVICE });
    await engine.logIn('OTHER');
    await engine.sync();
    expect(await engine.status()).toMatchObject({ needsYou: 0, ofOthers: 0 });
    expect(await engine.outbox()).toEqual([]);
    server.codes.set('BACK', { user: COURIER, device: DEVICE });
    await engine.logIn('BACK');
    await engine.sync();
    expect(await engine.outbox()).toMatchObject([{ op_id: first?.op_id, state: 'needs_you', code: 'id_reuse' }]);
  });
});

describe('a revoked handheld', () => {
  it('P34 hands in everything first, then forgets everything and says so', async () => {
    const { engine, server, task, platform } = await loaded();
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    server.standing = 'revoked';
    server.intercept = (request) => (request.path.includes('/blobs/') ? problem(503, 'unavailable') : null);
    expect(await engine.sync()).toMatchObject({ ok: false });
    expect(await engine.status()).toMatchObject({ waiting: 0, proofsWaiting: 1, wiped: false });
    expect(engine.identity()).not.toBeNull();
    server.intercept = () => null;
    await engine.sync();
    expect(server.operations).toHaveLength(1);
    expect(server.blobs.size).toBe(1);
    expect(server.wiped).toBe(1);
    expect(engine.identity()).toBeNull();
    expect(await engine.status()).toMatchObject({ wiped: true, recorded: 0, waiting: 0 });
    const left = await everything(platform.storage.factory);
    for (const word of ['secret', 'SF1', COURIER.name, COURIER.id, 'recipient', '人民路', 'login CODE']) {
      expect(left).not.toContain(word);
    }
  });

  it('P34 shows what is still to send, and is told of nothing new', async () => {
    const { engine, server, task } = await loaded();
    server.standing = 'revoked';
    server.task('SF2');
    server.beforeAnswer = () => {
      throw new Error('connection reset');
    };
    await engine.submit([noted(task, 'one'), noted(task, 'two')]);
    await engine.sync();
    expect(await engine.status()).toMatchObject({ waiting: 2 });
    expect(await engine.today()).toHaveLength(1);
  });

  it('P34 does not forget what was recorded after the server had said so', async () => {
    const { engine, server, task } = await loaded();
    server.standing = 'revoked';
    let more = true;
    server.beforeAnswer = (request) => {
      if (more && request.path === '/api/v1/exchange') void engine.submit([noted(task, 'at the last moment')]);
      more = false;
    };
    await engine.sync();
    await engine.sync();
    expect(server.operations.map((op) => op.payload['text'])).toEqual(['at the last moment']);
    expect(server.wiped).toBe(1);
  });

  it('P34 looks once more, in the very transaction that forgets', async () => {
    const { engine, platform, task } = await loaded();
    const db = await openDatabase(platform.storage.factory, platform.storage.name);
    const fresh = { incarnation: engine.newId(), seq: 0, prev: null };
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    expect(await wipe(db, fresh)).toBe(false);
    expect(await engine.outbox()).toHaveLength(1);
    await engine.sync();
    expect(await wipe(db, fresh)).toBe(true);
    expect(await engine.outbox()).toEqual([]);
    db.close();
  });

  it('P34 does not forget before the server has said so, whatever it thinks itself', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'one')]);
    await engine.sync();
    server.standing = 'revoked';
    server.misses = true;
    await engine.sync();
    expect(await engine.status()).toMatchObject({ phase: 'revoked', allConfirmed: true, waiting: 0 });
    expect([server.wiped, engine.identity()?.device]).toEqual([0, DEVICE]);
    server.misses = false;
    await engine.sync();
    expect([server.wiped, engine.identity()]).toEqual([1, null]);
  });

  it('P34 says that it has forgotten until it is heard, over a restart too', async () => {
    const { engine, server, again, platform } = await loaded();
    server.standing = 'revoked';
    server.intercept = (request) => {
      if (request.path.includes('/wiped')) throw new Error('no network');
      return null;
    };
    await engine.sync();
    expect(engine.identity()).toBeNull();
    expect(await everything(platform.storage.factory)).toContain('secret');
    server.intercept = () => null;
    const reopened = await again();
    expect(await reopened.sync()).toMatchObject({ code: 'not_enrolled' });
    expect(server.wiped).toBe(1);
    expect(await everything(platform.storage.factory)).not.toContain('secret');
    await reopened.sync();
    expect(server.wiped).toBe(1);
  });

  it('P34 does not wait for a proof whose bytes are gone', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    server.intercept = (request) => (request.path.includes('/blobs/') ? problem(422, 'hash_mismatch') : null);
    await engine.sync();
    server.standing = 'revoked';
    await engine.sync();
    expect(server.wiped).toBe(1);
  });

  it('P34 may be enrolled anew before it is empty, by the same person', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    server.standing = 'revoked';
    server.intercept = (request) => (request.path.includes('/blobs/') ? problem(503, 'unavailable') : null);
    await engine.sync();
    server.codes.set('NEW', { user: COURIER, device: DEVICE });
    await engine.enrol('NEW');
    server.intercept = () => null;
    expect(await engine.sync()).toMatchObject({ ok: true, blobs: 1 });
    expect(await engine.status()).toMatchObject({ phase: 'idle', loginNeeded: false });
  });
});
