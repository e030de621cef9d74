/** A handheld that cannot send gives its log to a colleague's, which carries it and never makes it its own (P11). */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { sealOf } from '../../../pwa/engine/rescue';
import { COURIER, DEVICE, delivered, noted, STATION } from '../said';
import { rig, type FakeServer } from '../fakes';

const OTHER = '99999999-9999-4999-8999-999999999999';
const log = (more: Record<string, unknown> = {}): { body: string; seal: string } => ({
  body: JSON.stringify({
    device: OTHER,
    station: STATION.id,
    author_name: 'Bei',
    operations: [{}, {}],
    made_at: 5,
    ...more,
  }),
  seal: 'a'.repeat(64),
});

/** No line: nothing gets through. */
const cut = (server: FakeServer): void => {
  server.intercept = () => {
    throw new Error('no line');
  };
};
/** A line, and what the server says to a log that is brought; answers what it was asked. */
function answering(server: FakeServer, status: number, body: unknown): string[] {
  const asked: string[] = [];
  server.intercept = (request) => {
    if (request.path !== '/api/v1/rescue') return null;
    asked.push(Buffer.from(request.body ?? []).toString());
    return { status, headers: {}, body: new TextEncoder().encode(JSON.stringify(body)) };
  };
  return asked;
}

describe('a rescue', () => {
  it('P11 is sealed as the server checks it', () => {
    const key = createHash('sha256').update('credential').digest('hex');
    for (const text of ['', 'x', '签收'.repeat(100)]) {
      expect(sealOf('credential', text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
    }
  });
  it('P11 holds exactly what the server has not said that it has, with author and place', async () => {
    const { server, engine } = await rig();
    const task = server.task('SF1');
    await engine.submit([noted(task, 'sent')]);
    await engine.sync();
    cut(server);
    await engine.submit([delivered(task)]);
    const { packages, operations } = await engine.rescue();
    expect(operations).toBe(1);
    const body = JSON.parse(packages[0]!.body) as {
      device: string;
      from_seq: number;
      operations: { author: string; type: string; seq: number }[];
    };
    expect(body).toMatchObject({
      device: DEVICE,
      from_seq: 2,
      operations: [{ author: COURIER.id, type: 'task.delivered', seq: 2 }],
    });
    expect(JSON.stringify(packages)).not.toContain('secret');
  });
  it('P11 is carried beside the own log, through a restart, and goes once', async () => {
    const { server, engine, again } = await rig();
    cut(server);
    await engine.carry({ packages: [log()], proofs: [] });
    await engine.carry({ packages: [log()], proofs: [] });
    expect(await engine.carried()).toMatchObject([{ author: 'Bei', operations: 2, state: 'waiting' }]);
    expect(await engine.status()).toMatchObject({ waiting: 0, recorded: 0 });
    engine.close();
    const other = await again();
    const asked = answering(server, 200, { device: OTHER, taken: 2, head_seq: 2, expected_seq: null, statuses: {} });
    await other.sync();
    await other.sync();
    expect(asked).toEqual([JSON.stringify(log())]);
    expect(await other.carried()).toMatchObject([{ state: 'taken' }]);
  });
  it('P11 says why it was refused, and keeps it through a broken line', async () => {
    const { server, engine } = await rig();
    await engine.carry({ packages: [log()], proofs: [] });
    answering(server, 503, { code: 'busy' });
    expect((await engine.sync()).ok).toBe(false);
    expect(await engine.carried()).toMatchObject([{ state: 'waiting' }]);
    answering(server, 403, { code: 'forbidden' });
    await engine.sync();
    expect(await engine.carried()).toMatchObject([{ state: 'refused', code: 'forbidden' }]);
  });
  it.each([
    ['own', log({ device: DEVICE })],
    ['other_station', log({ station: OTHER })],
    ['unreadable', { body: 'x', seal: 'a' }],
    ['unreadable', log({ operations: null })],
  ])('P11 is not taken along when it is %s', async (code, one) => {
    const { engine } = await rig();
    await expect(engine.carry({ packages: [one], proofs: [] })).rejects.toMatchObject({ code });
    await expect(engine.carry({ packages: [], proofs: [] })).rejects.toMatchObject({ code: 'empty' });
    expect(await engine.carried()).toEqual([]);
  });
});
