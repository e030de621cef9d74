import { describe, expect, it } from 'vitest';
import { HELP, hear, ownOf, PLACES, type Command, type Press } from '../../../pwa/dispatch/desk/keys';
import {
  arrivedDevice,
  countdown,
  devicesInOrder,
  draining,
  qrSource,
  secondsLeft,
  spoken,
} from '../../../pwa/dispatch/devices/model';
import { Door, DoorError } from '../../../pwa/dispatch/door';
import { helpFor } from '../../../pwa/dispatch/help/model';
import { lacks, mayDispatch, mayUseDesk, troubleOf } from '../../../pwa/dispatch/login/model';
import { uuid7 } from '../../../pwa/dispatch/operations';
import { contactOf, couriersByNeed, couriersToPick, progressOf } from '../../../pwa/dispatch/couriers/model';
import { changed, formatRoute, HOME, isStep, listAddress, parseRoute } from '../../../pwa/dispatch/route';
import { SCREENS } from '../../../pwa/dispatch/screens';
import type { DeviceRow } from '../../../pwa/dispatch/types';
import { courier, device, HOUR, NOON, stamp } from './rows';

describe('the address', () => {
  it('carries the board there and back', () => {
    const route = {
      ...HOME,
      mode: 'map',
      q: '王 & #1',
      status: ['held', 'returned'],
      courier: 'none',
      window: 'late',
      conflict: true,
      desc: true,
      sort: 'waybill',
      task: 'abc-1',
    } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
    expect(formatRoute(HOME)).toBe('#/board');
  });

  it('carries a screen with its own filters, which the board does not take for its own', () => {
    const route = { ...HOME, view: 'customers', id: 'c-1', own: { tier: 'key', q: '王', status: 'x' } } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
    expect(parseRoute('#/conflicts?case=abc&tab=decided')).toEqual({
      ...HOME,
      view: 'conflicts',
      case: 'abc',
      decided: true,
    });
  });

  it('falls back to the plain board for anything damaged', () => {
    expect(parseRoute('#/nonsense?status=%F0&sort=;drop&task=<b>&courier=../x&pane=9&mode=1')).toEqual(HOME);
    expect(parseRoute('')).toEqual(HOME);
  });

  it('makes a step of the back button for a view, not for a filter', () => {
    expect(isStep(HOME, { ...HOME, view: 'devices' })).toBe(true);
    expect(isStep(HOME, { ...HOME, mode: 'map' })).toBe(true);
    expect(isStep(HOME, { ...HOME, q: 'a', task: 'x' })).toBe(false);
  });

  it('starts another screen with nothing of the one before, and keeps the filter of the board', () => {
    const from = { ...HOME, q: 'SF', view: 'customers', id: 'c', own: { tier: 'key' } } as const;
    expect(changed(from, { view: 'orders' })).toMatchObject({ id: '', own: {}, q: 'SF' });
    expect(changed(from, { view: 'customers', id: 'd' })).toMatchObject({ id: 'd', own: { tier: 'key' } });
  });

  it('sends a colleague the list without what is selected in it', () => {
    expect(listAddress({ ...HOME, q: 'a', task: 'x', pane: 'detail' })).toBe('#/board?q=a');
  });
});

describe('keys', () => {
  const press = (key: string, over: Partial<Press> = {}): Press => ({
    key,
    shift: false,
    control: false,
    alt: false,
    typing: false,
    ...over,
  });
  const command = (key: string, over: Partial<Press> = {}) => hear(press(key, over), false).command;

  function typed(keys: string): Command | null {
    let going = false;
    let last: Command | null = null;
    for (const key of keys.split(' ')) ({ command: last, going } = hear(press(key), going));
    return last;
  }

  /** What the help page calls `Shift j`, pressed. */
  function pressed(shown: string): Press {
    const [key = '', held = ''] = shown.split(' ').reverse();
    return press(key, { shift: held === 'Shift', control: held === 'Control' });
  }

  it('mean something if the help page lists them', () => {
    for (const shown of HELP.flatMap((line) => line.keys))
      expect(hear(pressed(shown), false).command, shown).not.toBeNull();
  });

  it('are on the help page if they mean something', () => {
    const printed = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));
    const named = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'Enter', 'Tab', ' ', 'Backspace'];
    const keys = [...printed.filter((key) => !/[A-Z]/.test(key)), ...named];
    const meant = [...keys, ...keys.map((key) => `Control ${key}`)].filter(
      (shown) => hear(pressed(shown), false).command !== null,
    );
    const places = keys.map((key) => `g ${key}`).filter((shown) => typed(shown) !== null);
    const [everywhere, after] = helpFor('admin').map((part) => part.lines.flatMap((line) => line.keys));
    expect(meant.filter((key) => !everywhere?.includes(key))).toEqual([]);
    expect(after?.toSorted()).toEqual(places.sort());
  });

  it('of one screen are listed under its name, and that screen knows them all', async () => {
    const titles = helpFor('csr').map((part) => part.title);
    expect(titles).toEqual([null, 'help.go', 'desk.view.conflicts', 'desk.view.customers']);
    for (const entry of SCREENS.filter((screen) => screen.own.length > 0)) {
      const { own = {} } = await entry.load();
      expect(Object.keys(own).sort(), entry.name).toEqual(entry.own.map((line) => line.does).sort());
    }
  });

  it('of one screen come before the desk’s, as single letters nobody types', () => {
    const own = SCREENS.find((screen) => screen.name === 'conflicts')?.own ?? [];
    const meant = (key: string, over: Partial<Press> = {}, going = false) => ownOf(own, press(key, over), going)?.does;
    expect([meant('1'), meant('o'), meant('U'), meant('j')]).toEqual(['decide', 'take', 'undo', undefined]);
    expect([meant('o', { typing: true }), meant('o', { control: true }), meant('o', {}, true)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('go places after a g, and only the next key', () => {
    for (const [key, place] of PLACES) expect(typed(`g ${key}`)).toEqual(place);
    expect(typed('g x')).toBeNull();
    expect(typed('g b j')).toEqual({ do: 'move', step: 1, extend: false });
    expect(typed('g g')).toBeNull();
  });

  it('are letters while somebody types, but Escape and Ctrl-K still work', () => {
    expect(command('j', { typing: true })).toBeNull();
    expect(command('Escape', { typing: true })).toEqual({ do: 'escape' });
    expect(command('k', { typing: true, control: true })).toEqual({ do: 'palette' });
  });

  it('leave combinations to the browser', () => {
    expect(command('a', { control: true })).toBeNull();
    expect(command('k', { control: true, shift: true })).toBeNull();
    expect(command('c', { alt: true })).toBeNull();
  });

  it('extend the selection with shift', () => {
    expect(command('J', { shift: true })).toEqual({ do: 'move', step: 1, extend: true });
  });
});

describe('couriers', () => {
  it('are called quiet or silent by age, and off after their shift', () => {
    expect(contactOf(courier('a'), NOON + 60_000)).toBe('live');
    expect(contactOf(courier('a'), NOON + 12 * 60_000)).toBe('quiet');
    expect(contactOf(courier('a'), NOON + 23 * 60_000)).toBe('silent');
    expect(contactOf(courier('a', { shift: { status: 'closed', started_at: NOON } }), NOON + HOUR)).toBe('off');
    expect(contactOf(courier('a', { last_heard: null }), NOON)).toBe('never');
  });

  it('have a bar that never runs over', () => {
    expect(progressOf(courier('a', { total: 0, done: 0, problems: 0 }))).toEqual({ done: 0, problems: 0 });
    const full = progressOf(courier('a', { total: 4, done: 4, problems: 2 }));
    expect(full.done + full.problems).toBe(100);
  });

  it('stand on the board with those who are out of signal with work left on top', () => {
    const rows = [
      courier('a'),
      courier('lost', { last_heard: NOON - HOUR }),
      courier('done', { last_heard: NOON - HOUR, left: 0 }),
    ];
    expect(couriersByNeed(rows, NOON + 1).map((row) => row.id)).toEqual(['lost', 'a', 'done']);
  });

  it('are offered with the lightest load first', () => {
    const rows = [courier('heavy', { left: 30 }), courier('light', { left: 2 })];
    expect(couriersToPick(rows, '').map((row) => row.id)).toEqual(['light', 'heavy']);
    expect(couriersToPick(rows, ' HEA ').map((row) => row.id)).toEqual(['heavy']);
  });
});

describe('devices', () => {
  it('count a code down to nothing', () => {
    expect(secondsLeft({ expires_at: NOON + 90_500 }, NOON)).toBe(91);
    expect(secondsLeft({ expires_at: NOON }, NOON + 5)).toBe(0);
    expect(countdown(65)).toBe('1:05');
    expect(spoken('K7QX2M9P')).toEqual(['K7QX', '2M9P']);
    expect(spoken('K7-QX')).toEqual(['K7-QX']);
  });

  it('show the picture as an image, whatever markup it holds', () => {
    const source = qrSource('<svg viewBox="0 0 1 1"><script>alert(1)</script></svg>');
    expect(source.startsWith('data:image/svg+xml;')).toBe(true);
    expect(source).not.toContain('<');
    expect(decodeURIComponent(source)).toContain('xmlns="http://www.w3.org/2000/svg"');
  });

  it('list revoked ones last and notice a new one', () => {
    const rows = [
      device('old', { revoked_at: NOON, state: 'draining' }),
      device('left', { enrolled_at: NOON - 1, state: 'wiped' }),
      device('used', { last_heard: NOON + 5 }),
      device('new', { enrolled_at: NOON + 9, login_since: NOON + 9 }),
    ];
    expect(devicesInOrder(rows).map((row) => row.id)).toEqual(['new', 'used', 'old', 'left']);
    expect(arrivedDevice(rows, 'liang', NOON + 6)?.id).toBe('new');
    expect(arrivedDevice(rows, 'bei', NOON)).toBeNull();
    const again = [device('used', { login_since: NOON + 9, login_until: NOON + 99 })];
    expect(arrivedDevice(again, 'liang', NOON + 6)?.id).toBe('used');
    expect(arrivedDevice(again, 'liang', NOON + 10)).toBeNull();
  });

  it('P34 say how far a revoked one is with handing in what it has', () => {
    const far = (over: Partial<DeviceRow>) => draining(device('x', over));
    expect(far({ state: 'draining', waiting: null })).toEqual({ key: 'draining', n: 0 });
    expect(far({ state: 'draining', waiting: 3 })).toEqual({ key: 'drainingSome', n: 3 });
    expect(far({ state: 'drained', waiting: 0 })).toEqual({ key: 'drained', n: 0 });
    expect(far({ state: 'wiped', waiting: 3 })).toEqual({ key: 'wiped', n: 0 });
  });
});

describe('login', () => {
  it('says what is wrong in each case', () => {
    expect(lacks(' ', 'x')).toEqual({ kind: 'empty' });
    expect(troubleOf(new DoorError(401, 'credentials_invalid', ''))).toEqual({ kind: 'refused' });
    expect(troubleOf(new DoorError(429, 'rate_limited', '', 41.2))).toEqual({ kind: 'too_many', seconds: 42 });
    expect(troubleOf(new DoorError(0, 'unreachable', ''))).toEqual({ kind: 'unreachable' });
    expect(troubleOf(new DoorError(503, 'unavailable', ''))).toEqual({ kind: 'server', code: 'unavailable' });
  });

  it('knows the roles', () => {
    expect(['courier', 'csr', 'dispatcher', 'admin'].map(mayUseDesk)).toEqual([false, true, true, true]);
    expect(['courier', 'csr', 'dispatcher', 'admin'].map(mayDispatch)).toEqual([false, false, true, true]);
  });
});

describe('the door', () => {
  it('fetches a fresh token once when the old one is stale, and sends the same body again', async () => {
    const seen: { token: string | null; body: string }[] = [];
    const door = new Door(async (_path, init) => {
      const token = new Headers(init.headers).get('x-csrf-token');
      seen.push({ token, body: String(init.body) });
      if (token === 'new') return new Response('{"ok":true}');
      return new Response('{"code":"csrf_invalid"}', { status: 403 });
    });
    door.csrf = 'old';
    door.refresh = async () => void (door.csrf = 'new');
    expect(await door.send('POST', '/x', { a: 1 })).toEqual({ ok: true });
    expect(seen.map((call) => call.token)).toEqual(['old', 'new']);
    expect(seen[0]?.body).toBe(seen[1]?.body);
  });

  it('turns every failure into one thing to show', async () => {
    const lost = new Door(() => Promise.reject(new TypeError('offline')));
    await expect(lost.text('/x')).rejects.toMatchObject({ status: 0, passing: true });
    const odd = new Door(async () => new Response('<html>', { status: 502 }));
    await expect(odd.text('/x')).rejects.toMatchObject({ status: 502, code: 'http_502', passing: true });
    const told = new Door(async () => new Response('{"code":"invalid","detail":"d"}', { status: 422 }));
    await expect(told.text('/x')).rejects.toMatchObject({ code: 'invalid', detail: 'd', passing: false });
  });
});

describe('ids', () => {
  it('uuid7 holds its time and sorts by it', () => {
    const early = uuid7(stamp(NOON));
    expect(parseInt(early.replaceAll('-', '').slice(0, 12), 16)).toBe(NOON);
    expect(early < uuid7(stamp(NOON + 1))).toBe(true);
  });
});
