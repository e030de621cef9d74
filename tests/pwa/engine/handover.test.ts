/** A parcel given to a colleague on the road, seen from either handheld before the server has heard of it. */
import { describe, expect, it } from 'vitest';

import type { Draft } from '../../../pwa/engine';
import { COURIER, delivered, rig } from '../fakes';

const BEI = '00000000-0000-7000-8000-00000000be11';

describe('a hand-over on the road', () => {
  it('P28 leaves the giver’s list at once, keeps his record, and comes back when it is taken back', async () => {
    const { server, engine } = await rig();
    const task = server.task('SF1');
    await engine.sync();
    server.intercept = () => {
      throw new Error('no network');
    };
    const given: Draft = { type: 'task.handed_over', entity: `task:${task}`, payload: { to: BEI } };
    const [saved] = await engine.submit([given]);
    expect(await engine.today()).toEqual([]);
    expect((await engine.task(task))?.removed).toEqual({ reason: 'handed_over', waiting: 1 });
    const payload = { corrects: saved!.op_id, error: 'did_not_occur', note: null };
    await engine.submit([{ type: 'operation.corrected', entity: `task:${task}`, payload }]);
    expect((await engine.today()).map((view) => view.task.id)).toEqual([task]);
  });
  it('P9 is on the taker’s list at once, of its kind and by its waybill', async () => {
    const { server, engine } = await rig();
    const task = server.task('SF2', { courier: BEI });
    await engine.sync();
    const payload = { from: BEI, kind: 'delivery', waybill: 'SF2' };
    server.intercept = () => {
      throw new Error('no network');
    };
    await engine.submit([{ type: 'task.taken_over', entity: `task:${task}`, payload }]);
    const [view] = await engine.today();
    expect([view?.task.id, view?.parcel.waybill, view?.unlisted]).toEqual([task, 'SF2', true]);
  });
  it('is no news to whoever did it himself', async () => {
    const { server, engine } = await rig();
    const task = server.task('SF3');
    await engine.sync();
    await engine.submit([{ type: 'task.handed_over', entity: `task:${task}`, payload: { to: BEI } }]);
    await engine.sync();
    expect(server.taskRecord(task).courier).toBe(BEI);
    expect((await engine.news()).filter((one) => one.changes.some((change) => change.is === 'handed_over'))).toEqual(
      [],
    );
  });
  it('P9 shows what the giver’s code said of it until the server’s own row comes, which is no news', async () => {
    const { server, engine, bei } = await shown();
    expect(await engine.today()).toMatchObject([
      {
        rev: 0,
        state: 'saved',
        parcel: { waybill: 'SF4' },
        customer: { phone: '13800001111' },
        task: { sequence: null },
      },
    ]);
    expect((await engine.today())[0]?.task.courier).toBe(COURIER.id);
    const op = (await engine.outbox())[0];
    const [signed] = await engine.submit([delivered(bei.task.id)]);
    expect([op?.type, signed?.base_rev]).toEqual(['task.taken_over', null]);
    server.intercept = () => null;
    await engine.sync();
    const [view] = await engine.today();
    expect([view?.rev, view?.task.status, view?.task.outcome?.author]).toEqual([3, 'delivered', COURIER.id]);
    expect([await engine.news(), view?.conflict]).toEqual([[], null]);
  });
  it('P9 shows nothing of it once he took it back', async () => {
    const { engine, saved, bei } = await shown();
    const entity = `task:${bei.task.id}`;
    const payload = { corrects: saved.op_id, error: 'did_not_occur', note: null };
    await engine.submit([{ type: 'operation.corrected', entity, payload }]);
    expect([await engine.today(), await engine.task(bei.task.id)]).toEqual([[], null]);
  });
});

/** Bei's task, taken over by what her handheld showed of it, without a network. */
async function shown() {
  const { server, engine } = await rig();
  const id = server.task('SF4', { cod: 0 });
  await engine.sync();
  const [bei] = await engine.today();
  server.reassign(id, BEI);
  await engine.sync();
  await engine.acknowledge([id]);
  expect(await engine.today()).toEqual([]);
  server.intercept = () => {
    throw new Error('no network');
  };
  const draft: Draft = {
    type: 'task.taken_over',
    entity: `task:${id}`,
    payload: { from: BEI, kind: 'delivery', waybill: 'SF4' },
  };
  const row = { ...bei!, task: { ...bei!.task, courier: BEI, window_end: null } };
  const [saved] = await engine.submit([draft], [], [row]);
  return { server, engine, bei: bei!, saved: saved! };
}
