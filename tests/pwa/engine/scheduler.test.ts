import { describe, expect, it } from 'vitest';

import { delay, BASE_MS, CAP_MS } from '../../../pwa/engine/backoff';
import { noted, NOW, problem, rig } from '../fakes';

/** Timers that run only when the test says so. */
class Hand {
  timers = new Map<number, { at: number; fn: () => void }>();
  now = NOW;
  private next = 0;
  set = (ms: number, fn: () => void): number => {
    this.timers.set((this.next += 1), { at: this.now + ms, fn });
    return this.next;
  };
  clear = (id: number): void => void this.timers.delete(id);

  /** Lets `ms` pass; answers after what was due has had time to run. */
  async pass(ms: number): Promise<void> {
    this.now += ms;
    // What fires may ask for more at once; reading the plan takes a few turns of the loop.
    for (let round = 0; round < 8; round += 1) {
      for (let i = 0; i < 12; i += 1) await new Promise((resolve) => setImmediate(resolve));
      for (const [id, { at, fn }] of [...this.timers]) {
        if (at <= this.now && this.timers.delete(id)) fn();
      }
    }
  }
}

async function driven(enrolled = true) {
  const hand = new Hand();
  const fire: { online: () => void } = { online: () => undefined };
  const made = await rig(
    () => ({
      now: () => hand.now,
      timers: hand,
      signals: { onOnline: (fn) => ((fire.online = fn), () => undefined), onVisible: () => () => undefined },
    }),
    enrolled,
  );
  const exchanges = () => made.server.requests.filter((request) => request.path === '/api/v1/exchange').length;
  return { ...made, hand, fire, exchanges };
}

describe('syncing by itself', () => {
  it('asks seldom while nobody has enrolled it, and at once when somebody has', async () => {
    const { engine, hand, exchanges } = await driven(false);
    engine.start();
    await hand.pass(1);
    await hand.pass(1);
    expect([...hand.timers.values()].map(({ at }) => at - hand.now > 20_000)).toEqual([true]);
    await engine.enrol('CODE');
    engine.start();
    await hand.pass(1);
    await hand.pass(1);
    expect(exchanges()).toBe(1);
  });

  it('goes at once, after a submit, and then from time to time', async () => {
    const { engine, server, hand, exchanges } = await driven();
    const task = server.task('SF1');
    engine.start();
    await hand.pass(1);
    await hand.pass(1);
    expect(exchanges()).toBe(1);
    await engine.submit([noted(task, 'x')]);
    await hand.pass(0);
    await hand.pass(300);
    expect(server.operations).toHaveLength(1);
    const before = exchanges();
    await hand.pass(40_000);
    expect(exchanges()).toBe(before + 1);
    engine.stop();
    await hand.pass(600_000);
    expect(exchanges()).toBe(before + 1);
  });

  it('P12 waits longer after each failure, and comes back when the network does', async () => {
    const { engine, server, hand, fire, exchanges } = await driven();
    server.intercept = () => {
      throw new Error('no network');
    };
    engine.start();
    await hand.pass(1);
    for (let i = 0; i < 6; i += 1) await hand.pass(400_000);
    expect((await engine.status()).phase).toBe('offline');
    const next = (await engine.status()).nextTry as number;
    expect(next - hand.now).toBeGreaterThan(BASE_MS * 8);
    const before = exchanges();
    server.intercept = () => null;
    fire.online();
    await hand.pass(0);
    await hand.pass(1);
    expect(exchanges()).toBeGreaterThan(before);
    expect(await engine.status()).toMatchObject({ phase: 'idle', nextTry: null });
    engine.stop();
  });

  it('P12 a network that comes back while a sync is just failing is not kept waiting by that failure', async () => {
    const { engine, server, hand, fire, exchanges } = await driven();
    let gone = true;
    server.intercept = () => {
      if (gone) throw new Error('no network');
      return null;
    };
    engine.start();
    await hand.pass(1);
    for (let i = 0; i < 6; i += 1) await hand.pass(400_000);
    // The next try fails; in the moment in which it ends the network is back.
    let changes = 0;
    const off = engine.subscribe(() => {
      if ((changes += 1) !== 2) return;
      gone = false;
      fire.online();
    });
    await hand.pass(400_000);
    off();
    const before = exchanges();
    await hand.pass(300);
    expect({ asked: exchanges() - before, ...(await engine.status()) }).toMatchObject({ phase: 'idle', nextTry: null });
    engine.stop();
  });

  it('F15 does not go before Retry-After, not even when the network comes back', async () => {
    const { engine, server, hand, fire, exchanges } = await driven();
    server.intercept = () => problem(503, 'unavailable', { 'retry-after': '300' });
    engine.start();
    await hand.pass(1);
    const before = exchanges();
    expect(before).toBe(1);
    fire.online();
    await hand.pass(0);
    await hand.pass(299_000);
    expect(exchanges()).toBe(before);
    await hand.pass(76_001);
    expect(exchanges()).toBe(before + 1);
    engine.stop();
  });

  it('gives up on an answer that never comes', async () => {
    const { engine, server, hand } = await driven();
    server.handle = () => new Promise(() => undefined);
    const outcome = engine.sync();
    for (let i = 0; i < 5; i += 1) await hand.pass(10_000);
    expect(await outcome).toMatchObject({ ok: false, phase: 'offline' });
  });

  it('spreads a crowd: half fixed, half random, capped', () => {
    expect([delay(0, 0), delay(0, 0.999_999)]).toEqual([BASE_MS / 2, BASE_MS - 1]);
    expect(delay(50, 0.5)).toBe(CAP_MS * 0.75);
  });
});
