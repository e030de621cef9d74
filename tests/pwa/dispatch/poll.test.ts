import { describe, expect, it } from 'vitest';
import { EVERY, freshness, pause, Poller, type PollState } from '../../../pwa/dispatch/poll';

function rig(answers: (() => Promise<void>)[]) {
  const timers: { ms: number; fn: () => void }[] = [];
  const ports = { at: 0, hidden: false };
  const states: PollState[] = [];
  let asked = 0;
  const poller = new Poller(
    {
      now: () => ports.at,
      set: (ms, fn) => timers.push({ ms, fn }),
      clear: (id) => void (timers[id - 1] = { ms: -1, fn: () => undefined }),
      hidden: () => ports.hidden,
    },
    () => answers[asked++]?.() ?? Promise.resolve(),
    (state) => states.push(state),
    () => 'unreachable',
  );
  return { poller, ports, timers, states, asked: () => asked };
}

const ok = () => Promise.resolve();
const bad = () => Promise.reject(new Error('down'));
const settle = () => new Promise((done) => setTimeout(done, 0));

describe('polling', () => {
  it('asks every three seconds, slower after failures and for slow answers', () => {
    expect(pause(0, 40)).toBe(EVERY);
    expect(pause(0, 2_000)).toBe(8_000);
    expect([1, 2, 3, 4, 5, 9].map((n) => pause(n, 0))).toEqual([3_000, 6_000, 12_000, 24_000, 30_000, 30_000]);
  });

  it('never asks twice at once, and asks once more when it was wished for meanwhile', async () => {
    let finish: () => void = () => undefined;
    const rigged = rig([() => new Promise((done) => (finish = done)), ok]);
    rigged.poller.start();
    void rigged.poller.now();
    void rigged.poller.now();
    expect(rigged.asked()).toBe(1);
    finish();
    await settle();
    expect(rigged.timers.at(-1)?.ms).toBe(0);
  });

  it('pauses while hidden and asks at once when shown', async () => {
    const rigged = rig([ok, ok]);
    rigged.poller.start();
    await settle();
    rigged.ports.hidden = true;
    rigged.poller.seen();
    expect(rigged.poller.state.paused).toBe(true);
    expect(rigged.timers.every((timer) => timer.ms === -1)).toBe(true);
    rigged.ports.hidden = false;
    rigged.poller.seen();
    await settle();
    expect(rigged.asked()).toBe(2);
  });

  it('keeps the time of the last good answer through failures', async () => {
    const rigged = rig([ok, bad, bad]);
    rigged.poller.start();
    await settle();
    rigged.ports.at = 5_000;
    await rigged.poller.now();
    await rigged.poller.now();
    expect(rigged.poller.state).toMatchObject({ heard: 0, failures: 2, error: 'unreachable' });
  });

  it('asks nothing after the stop', async () => {
    const rigged = rig([ok]);
    rigged.poller.start();
    await settle();
    rigged.poller.stop();
    await rigged.poller.now();
    expect(rigged.asked()).toBe(1);
  });
});

describe('freshness', () => {
  const state = (over: Partial<PollState>): PollState => ({
    heard: 0,
    failures: 0,
    error: null,
    paused: false,
    ...over,
  });

  it('one miss is not yet "offline"; two are', () => {
    expect(freshness(state({}), 2_000)).toBe('fresh');
    expect(freshness(state({ failures: 1 }), 4_000)).toBe('fresh');
    expect(freshness(state({ failures: 2 }), 9_000)).toBe('offline');
  });

  it('says when nothing was ever read', () => {
    expect(freshness(state({ heard: null }), 0)).toBe('never');
    expect(freshness(state({ heard: null, failures: 1 }), 0)).toBe('offline');
  });

  it('an answer that stays away makes what is shown old', () => {
    expect(freshness(state({}), 60_000)).toBe('ageing');
  });
});
