/** What the station writes: announced, told of once by the handheld itself, and read when the courier says so. */
import { describe, expect, it } from 'vitest';

import { derive } from '../../../sync/ts/canonical';
import type { MessageRecord } from '../../../sync/ts/records';
import { COURIER, rig, STATION, type FakeServer, type Rig } from '../fakes';

const MESSAGE = derive('test', 'message');
const ENTITY = `message:${MESSAGE}`;
const SCOPE = `notices:${COURIER.id}`;

/** The courier's row of the message, as the server stores it. */
function project(server: FakeServer): void {
  const { readers, text, at, task } = server.board[ENTITY] as MessageRecord;
  const mine = readers.find(({ courier }) => courier === COURIER.id);
  const id = derive('message', MESSAGE, COURIER.id);
  const heard = { received_at: mine?.received_at ?? null, read_at: mine?.read_at ?? null };
  const body = { id, message: MESSAGE, text, task, waybill: null, at, by_name: '多拉', ...heard };
  const rev = (server.scopes.get(SCOPE)?.rows.get(`message:${id}`)?.rev ?? 0) + 1;
  server.put(SCOPE, { entity: `message:${id}`, rev, present: true, reason: null, body });
}

async function written(): Promise<Rig & { told: () => string[] }> {
  const all = await rig();
  await all.engine.sync();
  const payload = { station: STATION.id, to: [COURIER.id], task: null, text: '北门封路' };
  all.server.desk('message.sent', ENTITY, payload);
  project(all.server);
  return { ...all, told: () => all.server.operations.map(({ type }) => type) };
}

describe('messages of the station', () => {
  it('P24 a message that came is told of in the same sync, once', async () => {
    const { server, engine, told } = await written();
    expect(await engine.messages()).toEqual([]);
    await engine.sync();
    expect(await engine.messages()).toMatchObject([
      { message: MESSAGE, text: '北门封路', by_name: '多拉', read: false },
    ]);
    expect(told()).toEqual(['message.received']);
    // The server's own row is behind: that is no reason to say it again.
    await engine.sync();
    project(server);
    await engine.sync();
    await engine.sync();
    expect(told()).toEqual(['message.received']);
    expect((server.board[ENTITY] as MessageRecord).readers[0]?.received_at).not.toBeNull();
  });
  it('P24 it is read when the courier says so, without a network, and stays read', async () => {
    const { server, engine, again, told } = await written();
    await engine.sync();
    server.intercept = () => {
      throw new Error('no signal');
    };
    await engine.submit([{ type: 'message.read', entity: ENTITY, payload: {} }]);
    expect(await engine.messages()).toMatchObject([{ read: true, read_at: null }]);
    engine.close();
    const other = await again();
    expect(await other.messages()).toMatchObject([{ read: true }]);
    server.intercept = () => null;
    await other.sync();
    project(server);
    await other.sync();
    expect(told()).toEqual(['message.received', 'message.read']);
    expect(await other.messages()).toMatchObject([{ read: true }]);
    expect((await other.messages())[0]?.read_at).not.toBeNull();
  });
  it('P24 one that another handheld of his has told of is not told of again', async () => {
    const { server, engine, told } = await written();
    const message = server.board[ENTITY] as MessageRecord;
    server.board[ENTITY] = { ...message, readers: [{ courier: COURIER.id, received_at: 5, read_at: null }] };
    project(server);
    await engine.sync();
    expect(await engine.messages()).toMatchObject([{ read: false, received_at: 5 }]);
    expect(told()).toEqual([]);
  });
  it('P11 nobody sees them after he has logged out', async () => {
    const { engine } = await written();
    await engine.sync();
    await engine.logOut();
    expect(await engine.messages()).toEqual([]);
  });
});
