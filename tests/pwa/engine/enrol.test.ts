import { describe, expect, it } from 'vitest';

import { COURIER, delivered, DEVICE, problem, rig, STATION } from '../fakes';

describe('enrolling', () => {
  it('trades a code for an identity that outlives the app', async () => {
    const { engine, again } = await rig();
    const expected = { device: DEVICE, user: COURIER, station: STATION, loggedIn: true };
    expect(engine.identity()).toEqual(expected);
    expect((await again()).identity()).toEqual(expected);
  });

  it('names the refusal, and the missing network', async () => {
    const { engine, server } = await rig(() => ({}), false);
    await expect(engine.enrol('WRONG')).rejects.toMatchObject({ code: 'enrolment_invalid' });
    server.intercept = () => {
      throw new Error('no network');
    };
    await expect(engine.enrol('CODE')).rejects.toMatchObject({ code: 'offline' });
    server.intercept = () => problem(429, 'rate_limited');
    await expect(engine.enrol('CODE')).rejects.toMatchObject({ code: 'rate_limited' });
    expect(engine.identity()).toBeNull();
  });

  it('does not trade a working identity for another', async () => {
    const { engine } = await rig();
    await expect(engine.enrol('CODE')).rejects.toMatchObject({ code: 'already_enrolled' });
  });

  it('P11 a locked-out handheld enrols again for the same person and sends what waited', async () => {
    const { engine, server } = await rig();
    const task = server.task('SF1');
    await engine.sync();
    await engine.submit([delivered(task)]);
    server.revoked = true;
    await engine.sync();
    server.revoked = false;
    server.codes.set('NEW', { user: COURIER, device: DEVICE });
    await engine.enrol('NEW');
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
    expect(server.operations).toMatchObject([{ seq: 1, device: DEVICE, entity: `task:${task}` }]);
  });

  it("P11 never sends one person's operations under another's name", async () => {
    const { engine, server } = await rig();
    const task = server.task('SF1');
    await engine.sync();
    await engine.submit([delivered(task)]);
    server.revoked = true;
    await engine.sync();
    server.revoked = false;
    server.codes.set('OTHER', { user: { ...COURIER, id: '77777777-7777-4777-8777-777777777777' }, device: DEVICE });
    await expect(engine.enrol('OTHER')).rejects.toMatchObject({ code: 'unsent_of_other_user' });
    expect(engine.identity()?.user.id).toBe(COURIER.id);
    expect((await engine.status()).waiting).toBe(1);
  });
});
