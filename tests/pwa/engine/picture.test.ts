/**
 * What the screens are shown is kept in memory and carried over each operation. In invented days it must always be what a second
 * engine reads from the disk alone, whoever has written meanwhile.
 */
import { describe, expect, it, vi } from 'vitest';

import type { Draft, Engine, Envelope } from '../../../pwa/engine';
import { markBlob, openDatabase } from '../../../pwa/store';
import { COURIER, delivered, noted, paid, PNG, rig, scanned, type FakeServer, type Rig } from '../fakes';

type Chance = (below: number) => number;

/** Numbers of a seed, the same on any machine. */
function chances(seed: number): Chance {
  let state = seed * 2_654_435_761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state >>> 8) % 65_536) % below;
  };
}

async function shown(engine: Engine): Promise<unknown> {
  const { phase: _phase, ...status } = await engine.status();
  const [today, outbox, notices, news, shift] = await Promise.all([
    engine.today(),
    engine.outbox(),
    engine.notices(),
    engine.news(),
    engine.shift(),
  ]);
  return { status, today, outbox, notices, news, shift };
}

interface Day extends Rig {
  other: Engine;
  tasks: string[];
  chance: Chance;
  sent: Envelope[];
}

const one = <T>(list: readonly T[], chance: Chance): T => list[chance(list.length)] as T;

/** Something a courier records: about a task, its parcel, its customer, its money, his shift, or what he said before. */
function draft({ tasks, chance, sent, engine }: Day): Draft {
  const at = chance(tasks.length + 1);
  // One more than there are: a task nobody has listed for him.
  const task = tasks[at] ?? '99999999-9999-4999-8999-999999999999';
  const waybill = `SF${at}`;
  const entity = `task:${task}`;
  const slip = sent.length ? one(sent, chance) : null;
  const drafts: Draft[] = [
    noted(task, `放门口 ${chance(9)}`),
    scanned(waybill),
    { type: 'task.arrived', entity, payload: {} },
    { type: 'task.called', entity, payload: { channel: 'call', result: 'unknown' } },
    { type: 'task.handed_over', entity, payload: { to: '00000000-0000-7000-8000-00000000be11' } },
    { type: 'task.taken_over', entity, payload: { from: COURIER.id, kind: 'delivery', waybill } },
    delivered(task, chance(2) ? { signature: 'blob:0', photos: chance(2) ? ['blob:1'] : [] } : {}),
    paid(task, 4_500),
    { type: 'shift.started', entity: `shift:${engine.newId()}`, payload: { station: COURIER.id, tasks: 3 } },
    slip
      ? {
          type: 'operation.corrected',
          // It mostly names what it takes back, and may stand at another task.
          entity: chance(4) ? slip.entity : entity,
          payload: { corrects: slip.op_id, error: 'did_not_occur', note: null },
        }
      : noted(task, '第一件'),
  ];
  return one(drafts, chance);
}

async function record(day: Day, engine: Engine): Promise<void> {
  const drafts = Array.from({ length: 1 + day.chance(2) }, () => draft(day));
  const bytes = [PNG, Uint8Array.of(...PNG, day.chance(3))];
  const blobs = bytes.map((one) => ({ bytes: one, type: 'image/png' }));
  // What the rules refuse stores nothing, and so must change nothing.
  await engine.submit(drafts, blobs).then(
    (saved) => day.sent.push(...saved),
    () => undefined,
  );
}

function desk(server: FakeServer, { tasks, chance }: Day): void {
  const task = one(tasks, chance);
  const acts = [
    () => server.desk('task.window_changed', `task:${task}`, { window_start: null, window_end: null }),
    () => server.reassign(task, '00000000-0000-7000-8000-00000000be11'),
    () => tasks.push(server.task(`SF${tasks.length}`, { cod: 4_500, sequence: 9 - tasks.length })),
  ];
  one(acts, chance)();
}

/** One thing that happens: mostly somebody records, here or in another tab; else the rest of the world writes. */
async function happens(day: Day): Promise<void> {
  const { engine, other, server, chance } = day;
  const acts = [
    ...Array.from({ length: 8 }, () => () => record(day, engine)),
    () => record(day, other),
    () => engine.sync(),
    () => other.sync(),
    async () => desk(server, day),
    async () => {
      const open = [...(await engine.outbox()), ...(await other.outbox())];
      if (open.length) await one([engine, other], chance).markSeen(one(open, chance).op_id);
    },
    async () => one([engine, other], chance).acknowledge((await other.news()).map((news) => news.task)),
    async () => one([engine, other], chance).opened(one(day.tasks, chance)),
  ];
  await one(acts, chance)();
}

async function day(seed: number): Promise<Day> {
  const made = await rig();
  const tasks = [0, 1, 2].map((n) => made.server.task(`SF${n}`, { cod: n ? 0 : 4_500, sequence: 3 - n }));
  await made.engine.sync();
  return { ...made, other: await made.again(), tasks, chance: chances(seed), sent: [] };
}

describe('what is shown', () => {
  it.each([1, 2, 3, 4, 5, 6])('P9 is what the disk says, in an invented day (%i)', async (seed) => {
    const now = await day(seed);
    for (let step = 0; step < 20; step += 1) {
      // Not looked at after each: what is remembered may be of a moment before another tab wrote.
      for (let more = now.chance(3); more >= 0; more -= 1) await happens(now);
      const anew = await now.again();
      const truth = await shown(anew);
      anew.close();
      expect(await shown(now.engine), `after step ${step}`).toEqual(truth);
    }
    await now.engine.logOut();
    await now.other.sync();
    for (const tab of [now.engine, now.other]) expect([await tab.today(), await tab.outbox()]).toEqual([[], []]);
  });

  it('P9 comes from memory after what is recorded here, and is read anew after what others write', async () => {
    const { engine, other, tasks } = await day(1);
    await shown(engine);
    const read = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    // Of which moment the disk is: a dozen small values, and always asked for.
    const shelves = (): string[] =>
      (read.mock.contexts as IDBObjectStore[]).map(({ name }) => name).filter((name) => name !== 'meta');
    await engine.submit([noted(tasks[0] as string, '放门口')]);
    await shown(engine);
    expect(shelves()).toEqual([]);
    await other.submit([noted(tasks[1] as string, '放前台')]);
    expect((await engine.outbox()).length).toBe(2);
    expect(shelves()).toContain('rows');
  });

  it('P9 is not read anew after asking a server that has nothing to say', async () => {
    const { engine } = await day(1);
    await shown(engine);
    await engine.sync();
    const list = await engine.today();
    await engine.sync();
    expect(await engine.today()).toBe(list);
  });

  it('P9 follows a correction that stands at another task than what it takes back', async () => {
    const { engine, tasks, again } = await day(1);
    const [first, second] = tasks as [string, string];
    const [arrived] = await engine.submit([{ type: 'task.arrived', entity: `task:${first}`, payload: {} }]);
    expect((await engine.task(first))?.task.status).toBe('arrived');
    const payload = { corrects: arrived!.op_id, error: 'did_not_occur', note: null };
    await engine.submit([{ type: 'operation.corrected', entity: `task:${second}`, payload }]);
    expect((await engine.task(first))?.task.status).toBe('assigned');
    expect(await shown(engine)).toEqual(await shown(await again()));
  });

  it('P9 counts a proof again for all that name it, when it is recorded once more', async () => {
    const { engine, platform, tasks, again } = await day(1);
    // The first has money to be taken.
    const [, first, second] = tasks as [string, string, string];
    const photo = [{ bytes: PNG, type: 'image/png' }];
    const drafts = (task: string): Draft[] => [delivered(task, { photos: ['blob:0'] })];
    const [before] = await engine.submit(drafts(first), photo);
    const sha = before!.blobs[0] as string;
    const db = await openDatabase(platform.storage.factory, platform.storage.name);
    await markBlob(db, sha, 'refused', 'too_large');
    db.close();
    expect((await engine.outbox()).map((item) => item.proofsWaiting)).not.toContain(1);
    await engine.submit(drafts(second), photo);
    expect(await shown(engine)).toEqual(await shown(await again()));
  });

  it('keeps what an operation does not touch as it was: a screen draws one row again', async () => {
    const { engine, tasks } = await day(1);
    const before = await engine.today();
    await engine.submit([noted(tasks[0] as string, '放门口')]);
    const after = await engine.today();
    expect(after.map((view, i) => view === before[i])).toEqual(after.map((view) => view.task.id !== tasks[0]));
  });
});
