/** Changes on the road are announced: what was, what is, until the courier says that he has seen it. */
import { describe, expect, it } from 'vitest';

import type { Change } from '../../../pwa/engine';
import { delivered, DISPATCHER, noted } from '../said';
import { rig, type Rig } from '../fakes';

async function loaded(): Promise<Rig & { task: string; said: () => Promise<Partial<Change>[]> }> {
  const all = await rig();
  const task = all.server.task('SF1');
  await all.engine.sync();
  const said = async (): Promise<Partial<Change>[]> =>
    (await all.engine.news()).flatMap((one) => one.changes.map(({ what, was, is }) => ({ what, was, is })));
  return { ...all, task, said };
}

describe('what others change on the road', () => {
  it('is no news on the first pull, nor when the list is built anew', async () => {
    const { engine, said } = await loaded();
    expect(await engine.today()).toHaveLength(1);
    expect(await said()).toEqual([]);
  });
  it('is said as what was and what is, through restarts, until it is acknowledged', async () => {
    const { server, engine, task, again, said } = await loaded();
    const { window_start: start, window_end: end } = server.taskRecord(task);
    server.desk(
      'task.window_changed',
      `task:${task}`,
      { window_start: 5, window_end: 9 },
      { window_start: start, window_end: end },
    );
    await engine.sync();
    server.desk(
      'task.window_changed',
      `task:${task}`,
      { window_start: 6, window_end: 9 },
      { window_start: 5, window_end: 9 },
    );
    await engine.sync();
    expect(await said()).toEqual([{ what: 'window', was: [start, end], is: [6, 9] }]);
    engine.close();
    const other = await again();
    expect(await other.news()).toMatchObject([{ task, waybill: 'SF1', present: true }]);
    await other.acknowledge([task]);
    expect(await other.news()).toEqual([]);
  });
  it('is over when it is changed back', async () => {
    const { server, engine, task, said } = await loaded();
    const { window_start: start, window_end: end } = server.taskRecord(task);
    server.desk(
      'task.window_changed',
      `task:${task}`,
      { window_start: 5, window_end: 9 },
      { window_start: start, window_end: end },
    );
    await engine.sync();
    server.desk(
      'task.window_changed',
      `task:${task}`,
      { window_start: start, window_end: end },
      { window_start: 5, window_end: 9 },
    );
    await engine.sync();
    expect(await said()).toEqual([]);
  });
  it('names a new task, and one that was taken away, which stays until it is acknowledged', async () => {
    const { server, engine, task } = await loaded();
    const late = server.task('SF2');
    await engine.sync();
    expect((await engine.news()).map((one) => [one.waybill, one.changes[0]?.what])).toEqual([['SF2', 'added']]);
    await engine.acknowledge([late]);
    server.reassign(task, DISPATCHER);
    await engine.sync();
    expect(await engine.news()).toMatchObject([
      { waybill: 'SF1', present: false, changes: [{ what: 'removed', is: 'reassigned' }] },
    ]);
    expect((await engine.today()).map((view) => view.parcel.waybill)).toEqual(['SF2']);
    await engine.acknowledge([task]);
    expect(await engine.news()).toEqual([]);
    expect(await engine.task(task)).toBeNull();
  });
  it('tells a message of the station, and nothing the courier did himself', async () => {
    const { server, engine, task, said } = await loaded();
    await engine.submit([noted(task, 'mine')]);
    await engine.submit([delivered(task)]);
    await engine.sync();
    expect(await said()).toEqual([]);
    const other = server.task('SF2');
    await engine.sync();
    await engine.acknowledge([other]);
    server.desk('task.noted', `task:${other}`, { text: 'ring twice' });
    await engine.sync();
    expect(await said()).toEqual([{ what: 'note', was: null, is: 'ring twice' }]);
  });
});
