/** One sync at a time across tabs, through the Platform port: locks as browsers keep them, time as the test says (P12). */
import { describe, expect, it } from 'vitest';

import { createEngine, type Engine, type Platform } from '../../../pwa/engine';
import { BEAT_MS, MISSED_MS } from '../../../pwa/engine/lock';
import { noted, NOW, rig } from '../fakes';

/** Web Locks: in order of asking; whoever is robbed hears of it and goes on running until somebody stops him. */
class Locks {
  private readonly held = new Map<string, { rob: () => void; over: Promise<unknown> }>();

  run = async <T>(name: string, fn: () => Promise<T>, givenUp?: Promise<void>): Promise<T> => {
    for (let there = this.held.get(name); there; there = this.held.get(name)) {
      await Promise.race([there.over, aborted(givenUp)]);
    }
    return this.hold(name, fn);
  };

  steal = <T>(name: string, fn: () => Promise<T>): Promise<T> => {
    this.held.get(name)?.rob();
    this.held.delete(name);
    return this.hold(name, fn);
  };

  private hold<T>(name: string, fn: () => Promise<T>): Promise<T> {
    let rob = (): void => undefined;
    const robbed = new Promise<never>((_, reject) => {
      rob = () => reject(new DOMException('stolen', 'AbortError'));
    });
    const done = Promise.race([fn(), robbed]);
    const mine = { rob, over: done.catch(() => undefined) };
    this.held.set(name, mine);
    const leave = (): void => {
      if (this.held.get(name) === mine) this.held.delete(name);
    };
    void done.then(leave, leave);
    return done;
  }
}

async function aborted(givenUp: Promise<void> | undefined): Promise<never> {
  await (givenUp ?? new Promise<void>(() => undefined));
  throw new DOMException('given up', 'AbortError');
}

/** Timers of one tab that fire when the test says so, and none while it is frozen. */
class Tab {
  frozen = false;
  now = 0;
  private readonly due = new Map<number, { at: number; fn: () => void }>();
  private next = 0;
  timers = {
    set: (ms: number, fn: () => void): number => {
      this.due.set((this.next += 1), { at: this.now + ms, fn });
      return this.next;
    },
    clear: (id: number): void => void this.due.delete(id),
  };

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.now += Math.min(left, 1_000);
      for (const [id, { at, fn }] of [...this.due]) {
        if (!this.frozen && at <= this.now && this.due.delete(id)) fn();
      }
      await turns();
    }
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 6; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Two tabs on one storage; `gate` holds the answers of the first back until it is opened. */
async function twoTabs() {
  const [locks, one, two] = [new Locks(), new Tab(), new Tab()];
  const gate = { shut: false, open: (): void => undefined, asked: 0, theirs: 0, broken: false };
  const made = await rig(({ fetch }) => ({
    locks,
    timers: one.timers,
    mono: () => one.now,
    fetch: async (request) => {
      gate.asked += 1;
      if (gate.shut) await new Promise<void>((resolve) => (gate.open = resolve));
      return fetch(request);
    },
  }));
  const second: Platform = { ...made.platform, timers: two.timers, mono: () => two.now };
  second.fetch = (request) => {
    gate.theirs += 1;
    if (gate.broken) return Promise.reject(new Error('no network'));
    return made.server.handle(request);
  };
  const other: Engine = await createEngine(second, { baseUrl: '', app: 'test' });
  const exchanges = () => made.server.requests.filter(({ path }) => path === '/api/v1/exchange').length;
  return { ...made, one, two, gate, other, exchanges };
}

describe('one sync at a time', () => {
  it('P12 the second tab waits for the first, and then has its turn', async () => {
    const { engine, other, gate, exchanges } = await twoTabs();
    gate.shut = true;
    const first = engine.sync();
    await turns();
    const second = other.sync();
    await turns();
    expect([gate.theirs, exchanges()]).toEqual([0, 0]);
    gate.shut = false;
    gate.open();
    expect([await first, await second]).toMatchObject([{ ok: true }, { ok: true }]);
    expect(exchanges()).toBe(2);
  });

  it('P34 the tab that waited sees that the first was told to forget everything, and asks nothing more', async () => {
    const { engine, other, gate, server } = await twoTabs();
    server.standing = 'revoked';
    gate.shut = true;
    const first = engine.sync();
    await turns();
    let told = 0;
    other.subscribe(() => (told += 1));
    const second = other.sync();
    await turns();
    gate.shut = false;
    gate.open();
    await Promise.all([first, second]);
    expect([server.wiped, gate.theirs, other.identity()]).toEqual([1, 0, null]);
    expect(await other.status()).toMatchObject({ wiped: true, waiting: 0, code: null });
    expect(told).toBeGreaterThan(0);
  });

  it('P34 a tab that only stood by sees it when it next looks', async () => {
    const { engine, other, gate, server } = await twoTabs();
    server.standing = 'revoked';
    await engine.sync();
    let told = 0;
    other.subscribe(() => (told += 1));
    expect(await other.sync()).toMatchObject({ code: 'not_enrolled' });
    expect([server.wiped, gate.theirs, told]).toEqual([1, 0, 1]);
    expect(await other.status()).toMatchObject({ wiped: true });
  });

  it('P12 a holder that lives is waited for, however long it takes', async () => {
    const { engine, server, other, one, two, gate } = await twoTabs();
    const task = server.task('SF1');
    await engine.submit(Array.from({ length: 600 }, (_, i) => noted(task, `n${i}`)));
    gate.shut = true;
    const first = engine.sync();
    await turns();
    const second = other.sync();
    // Each answer takes twenty seconds, all of them together longer than a holder may stand still.
    for (let at = 0; at < MISSED_MS + 20_000; at += 20_000) {
      for (let i = 0; i < 20; i += 1) await Promise.all([one.pass(1_000), two.pass(1_000)]);
      expect(gate.theirs).toBe(0);
      gate.open();
      await turns();
    }
    expect(server.operations.length).toBeLessThan(600);
    gate.shut = false;
    gate.open();
    expect([await first, await second]).toMatchObject([{ pushed: 600 }, { ok: true, pushed: 0 }]);
  });

  it('P12 a tab that froze with the lock in its hand does not block for ever, and goes no further when it thaws', async () => {
    const { engine, server, other, one, two, gate } = await twoTabs();
    const task = server.task('SF1');
    await other.submit([noted(task, 'waits')]);
    gate.shut = true;
    const first = engine.sync();
    await turns();
    one.frozen = true;
    const second = other.sync();
    await two.pass(MISSED_MS - BEAT_MS);
    expect(gate.theirs).toBe(0);
    await two.pass(3 * BEAT_MS);
    expect(await second).toMatchObject({ ok: true, pushed: 1 });
    const asked = gate.asked;
    one.frozen = false;
    await one.pass(BEAT_MS + 1_000);
    gate.shut = false;
    gate.open();
    expect(await first).toMatchObject({ ok: false, code: 'taken_over' });
    await turns();
    expect(gate.asked).toBe(asked);
    expect(server.operations).toHaveLength(1);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 0 });
  });

  it('P12 a thawed holder sends nothing more, even when whoever took over has failed', async () => {
    const { engine, server, other, one, two, gate } = await twoTabs();
    const task = server.task('SF1');
    await engine.submit(Array.from({ length: 250 }, (_, i) => noted(task, `n${i}`)));
    gate.shut = true;
    const first = engine.sync();
    await turns();
    one.frozen = true;
    gate.broken = true;
    const second = other.sync();
    await two.pass(MISSED_MS + 2 * BEAT_MS);
    expect(await second).toMatchObject({ ok: false, code: 'offline' });
    const { asked } = gate;
    one.frozen = false;
    await one.pass(BEAT_MS + 1_000);
    gate.shut = false;
    gate.open();
    expect(await first).toMatchObject({ ok: false, code: 'taken_over' });
    // Long enough for it to take a hundred answers in, and to ask again if it would.
    for (let i = 0; i < 400 && gate.asked === asked; i += 1) await turns();
    expect(gate.asked).toBe(asked);
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(server.operations).toHaveLength(250);
  });

  it('P12 where nothing can freeze there is nothing to beat for', async () => {
    const { engine, platform } = await rig();
    await engine.sync();
    expect(platform.locks.steal).toBeUndefined();
    expect((await engine.status()).phase).toBe('idle');
  });
});

describe('what makes it try again', () => {
  it('P12 the system is asked for a wake-up after a failure, and not without one', async () => {
    let wakes = 0;
    const tab = new Tab();
    const made = await rig(() => ({
      timers: tab.timers,
      now: () => NOW + tab.now,
      signals: { onOnline: () => () => undefined, onVisible: () => () => undefined, askToWake: () => (wakes += 1) },
    }));
    made.engine.start();
    await tab.pass(2_000);
    expect(wakes).toBe(0);
    made.server.intercept = () => {
      throw new Error('no network');
    };
    await tab.pass(60_000);
    expect(wakes).toBeGreaterThan(0);
    made.engine.stop();
  });
});
