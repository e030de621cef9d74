import { describe, expect, it } from 'vitest';
import { EVERY, Line, SILENCE, type SocketEvents } from '../../../pwa/dispatch/live/line';
import {
  ageOf,
  backOff,
  EVERYTHING,
  freshness,
  heard,
  joined,
  START,
  type Heard,
  type LiveState,
  type Look,
} from '../../../pwa/dispatch/live/model';

function look(over: Partial<Look> = {}): Look {
  return { position: 5, tasks: [], couriers: false, cases: false, ...over };
}

function after(...events: Heard[]): LiveState {
  return events.reduce(heard, START);
}

const read = (begun: number): Heard => ({ is: 'read', begun, took: { ...EVERYTHING } });

describe('the age of what is shown', () => {
  it('moves on with each word that nothing changed', () => {
    const state = after({ is: 'up' }, read(1_000), { is: 'beat', position: 5, now: 4_000 });
    expect(ageOf(state, 4_500)).toBe(500);
    expect(freshness(state, 4_500)).toBe('fresh');
    expect(freshness(state, 6_001)).toBe('ageing');
  });

  it('stands still from a change until it has been read, whatever beats come meanwhile', () => {
    const changed = look({ tasks: ['a'] });
    const state = after(
      { is: 'up' },
      read(1_000),
      { is: 'beat', position: 5, now: 2_000 },
      { is: 'look', look: changed, now: 2_500 },
      { is: 'beat', position: 6, now: 3_000 },
      { is: 'beat', position: 6, now: 4_000 },
    );
    expect(ageOf(state, 4_100)).toBe(2_100);
    const done = heard(state, { is: 'read', begun: 2_600, took: state.unread ?? changed });
    expect(ageOf(done, 4_100)).toBe(1_500);
    expect(ageOf(heard(done, { is: 'beat', position: 6, now: 4_200 }), 4_200)).toBe(0);
  });

  it('keeps what was told while a reading ran', () => {
    const first = after(read(1_000), { is: 'look', look: look({ tasks: ['a'] }), now: 2_000 });
    const took = first.unread ?? look();
    const during = heard(first, { is: 'look', look: look({ tasks: ['b'] }), now: 2_100 });
    const done = heard(during, { is: 'read', begun: 2_050, took });
    expect(done.unread?.tasks).toEqual(['a', 'b']);
    expect(done.shown).toBe(2_050);
  });

  it('reads everything when the log went back', () => {
    const state = after(read(1_000), { is: 'beat', position: 9, now: 2_000 }, { is: 'beat', position: 3, now: 3_000 });
    expect(state.unread).toMatchObject({ tasks: null, couriers: true, cases: true });
  });

  it('says offline when nobody answers, never before something was shown and nothing failed', () => {
    expect(freshness(START, 0)).toBe('never');
    const down = after(read(1_000), { is: 'failed', code: 'x' }, { is: 'failed', code: 'x' });
    expect(freshness(down, 2_000)).toBe('fresh');
    expect(freshness(down, 9_000)).toBe('offline');
    expect(freshness(after({ is: 'failed', code: 'x' }), 0)).toBe('offline');
  });
});

describe('looks', () => {
  it('join; too many ids are as good as any', () => {
    expect(joined(look({ tasks: ['a'] }), look({ tasks: ['a', 'b'], cases: true }))).toMatchObject({
      tasks: ['a', 'b'],
      cases: true,
    });
    expect(joined(look({ tasks: null }), look({ tasks: ['a'] })).tasks).toBeNull();
    const many = Array.from({ length: 150 }, (_, n) => `a${n}`);
    const more = Array.from({ length: 150 }, (_, n) => `b${n}`);
    expect(joined(look({ tasks: many }), look({ tasks: more })).tasks).toBeNull();
  });

  it('tries come back spread out and never too rarely', () => {
    for (const chance of [0, 0.5, 1]) {
      expect(backOff(1, chance)).toBeLessThanOrEqual(2_000);
      expect(backOff(50, chance)).toBeLessThanOrEqual(15_000);
      expect(backOff(50, chance)).toBeGreaterThanOrEqual(7_500);
    }
  });
});

/** A line whose time, socket and server are the test's. */
function rig() {
  const timers = new Map<number, { at: number; fn: () => void }>();
  const sockets: { events: SocketEvents; hungUp: boolean }[] = [];
  const readings: Look[] = [];
  const world = { now: 10_000, hidden: false, socket: true, server: true, asked: 0, next: look() };
  let ids = 0;
  const line = new Line({
    now: () => world.now,
    set: (ms, fn) => {
      timers.set(++ids, { at: world.now + ms, fn });
      return ids;
    },
    clear: (id) => void timers.delete(id),
    hidden: () => world.hidden,
    chance: () => 1,
    connect: async (events) => {
      if (!world.socket) throw new Error('refused');
      const socket = { events, hungUp: false };
      sockets.push(socket);
      return () => void (socket.hungUp = true);
    },
    ask: async () => {
      world.asked += 1;
      if (!world.server) throw new Error('down');
      return world.next;
    },
    read: async (what) => {
      if (!world.server) throw new Error('down');
      readings.push(what);
    },
    told: () => undefined,
    codeOf: () => 'unreachable',
  });
  async function pass(ms: number): Promise<void> {
    const end = world.now + ms;
    await settle();
    for (;;) {
      const next = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (next === undefined) break;
      timers.delete(next[0]);
      world.now = Math.max(world.now, next[1].at);
      next[1].fn();
      await settle();
    }
    world.now = end;
  }
  return { line, world, sockets, readings, pass };
}

const settle = () => new Promise((done) => setTimeout(done, 0));

describe('the line', () => {
  it('reads once at the start, then only what the socket says', async () => {
    const { line, world, sockets, readings, pass } = rig();
    line.start();
    await pass(0);
    expect(readings).toHaveLength(1);
    expect(line.state.via).toBe('socket');
    sockets[0]?.events.look(look({ tasks: ['a'] }));
    await pass(100);
    expect(readings[1]?.tasks).toEqual(['a']);
    sockets[0]?.events.beat(6);
    await pass(100);
    expect(readings).toHaveLength(2);
    expect(world.asked).toBe(0);
  });

  it('asks every two seconds when there is no socket, and goes back to one when it can', async () => {
    const { line, world, sockets, pass } = rig();
    world.socket = false;
    line.start();
    await pass(10 * EVERY);
    expect(world.asked).toBeGreaterThanOrEqual(9);
    expect(world.asked).toBeLessThanOrEqual(12);
    expect(line.state.via).toBe('poll');
    expect(ageOf(line.state, world.now)).toBeLessThanOrEqual(EVERY);
    world.socket = true;
    for (let n = 0; n < 40 && sockets.length === 0; n += 1) await pass(500);
    expect(sockets).toHaveLength(1);
    expect(line.state.via).toBe('socket');
    const { asked } = world;
    for (let n = 0; n < 10; n += 1) {
      sockets[0]?.events.beat(5);
      await pass(1_000);
    }
    expect(world.asked).toBe(asked);
  });

  it('takes a silent socket for dead', async () => {
    const { line, world, sockets, pass } = rig();
    line.start();
    await pass(1_000);
    sockets[0]?.events.beat(5);
    world.socket = false;
    await pass(SILENCE + 100);
    expect(sockets[0]?.hungUp).toBe(true);
    expect(line.state.via).toBe('poll');
    const { state } = line;
    sockets[0]?.events.beat(99);
    expect(line.state).toBe(state);
  });

  it('does not storm a server that is down, says how old the screen is, and comes back', async () => {
    const { line, world, pass } = rig();
    line.start();
    await pass(500);
    world.server = false;
    world.socket = false;
    await pass(120_000);
    expect(world.asked).toBeLessThan(16);
    expect(freshness(line.state, world.now)).toBe('offline');
    expect(ageOf(line.state, world.now)).toBeGreaterThan(100_000);
    world.server = true;
    await pass(20_000);
    expect(freshness(line.state, world.now)).not.toBe('offline');
    expect(line.state.unread).toBeNull();
  });

  it('reads nothing for a page nobody sees, and everything told when it is seen again', async () => {
    const { line, world, sockets, readings, pass } = rig();
    line.start();
    await pass(0);
    world.hidden = true;
    sockets[0]?.events.look(look({ tasks: ['a'] }));
    sockets[0]?.events.look(look({ tasks: ['b'] }));
    await pass(1_000);
    expect(readings).toHaveLength(1);
    world.hidden = false;
    line.seen();
    await pass(0);
    expect(readings[1]?.tasks).toEqual(['a', 'b']);
  });

  it('is quiet once it was stopped', async () => {
    const { line, world, sockets, readings, pass } = rig();
    line.start();
    await pass(0);
    line.stop();
    sockets[0]?.events.look(look({ tasks: ['a'] }));
    await pass(60_000);
    expect(readings).toHaveLength(1);
    expect(world.asked).toBe(0);
    expect(sockets[0]?.hungUp).toBe(true);
  });
});
