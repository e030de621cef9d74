import { describe, expect, it } from 'vitest';
import { commandOf, HELP, type Press } from '../../../pwa/dispatch/desk/keys';
import {
  arrivedDevice,
  countdown,
  devicesInOrder,
  qrSource,
  secondsLeft,
  spoken,
} from '../../../pwa/dispatch/devices/model';
import { Door, DoorError } from '../../../pwa/dispatch/door';
import { lacks, mayDispatch, mayUseDesk, troubleOf } from '../../../pwa/dispatch/login/model';
import { uuid7 } from '../../../pwa/dispatch/operations';
import { contactOf, couriersToPick, progressOf } from '../../../pwa/dispatch/queues/model';
import { formatRoute, HOME, isStep, parseRoute } from '../../../pwa/dispatch/route';
import type { DeviceRow } from '../../../pwa/dispatch/types';
import { desk as en } from '../../../pwa/ui/strings/en/desk';
import { common } from '../../../pwa/ui/strings/zh/common';
import { desk as zh } from '../../../pwa/ui/strings/zh/desk';
import { courier, HOUR, NOON, stamp } from './rows';

describe('the address', () => {
  it('carries the state there and back', () => {
    const route = {
      ...HOME,
      view: 'conflicts',
      q: '王 & #1',
      status: 'held',
      desc: true,
      sort: 'cod',
      case: 'abc-1',
      decided: true,
    } as const;
    expect(parseRoute(formatRoute(route))).toEqual(route);
    expect(formatRoute(HOME)).toBe('#');
  });

  it('falls back to the plain board for anything damaged', () => {
    expect(parseRoute('#v=nonsense&queue=%F0&sort=;drop&task=<b>&courier=../x&pane=9')).toEqual(HOME);
    expect(parseRoute('')).toEqual(HOME);
  });

  it('makes a step of the back button for a view, not for a filter', () => {
    expect(isStep(HOME, { ...HOME, view: 'devices' })).toBe(true);
    expect(isStep(HOME, { ...HOME, q: 'a', task: 'x' })).toBe(false);
  });
});

describe('keys', () => {
  const press = (key: string, over: Partial<Press> = {}): Press => ({
    key,
    shift: false,
    modified: false,
    typing: false,
    ...over,
  });

  it('mean what the help page says', () => {
    for (const line of HELP) {
      for (const shown of line.keys) {
        const key = shown.replace('Shift ', '').replace('Esc', 'Escape');
        expect(commandOf(press(key, { shift: shown.startsWith('Shift') })), shown).not.toBeNull();
      }
    }
  });

  it('leave letters to the field being typed in and combinations to the browser', () => {
    expect(commandOf(press('a', { typing: true }))).toBeNull();
    expect(commandOf(press('c', { modified: true }))).toBeNull();
    expect(commandOf(press('Escape', { typing: true }))).toEqual({ do: 'escape' });
  });

  it('move and extend', () => {
    expect(commandOf(press('j'))).toEqual({ do: 'move', step: 1, extend: false });
    expect(commandOf(press('K', { shift: true }))).toEqual({ do: 'move', step: -1, extend: true });
    expect(commandOf(press('A', { shift: true }))).toBeNull();
  });
});

describe('couriers', () => {
  it('are called quiet or silent by age, and off after their shift', () => {
    expect(contactOf(courier('a'), NOON + 60_000)).toBe('live');
    expect(contactOf(courier('a'), NOON + 23 * 60_000)).toBe('quiet');
    expect(contactOf(courier('a'), NOON + HOUR)).toBe('silent');
    expect(contactOf(courier('a', { shift: { status: 'closed', started_at: NOON } }), NOON + HOUR)).toBe('off');
    expect(contactOf(courier('a', { last_heard: null }), NOON)).toBe('never');
  });

  it('have a bar that never runs over', () => {
    expect(progressOf(courier('a', { total: 0, done: 0, problems: 0 }))).toEqual({ done: 0, problems: 0 });
    const full = progressOf(courier('a', { total: 4, done: 4, problems: 2 }));
    expect(full.done + full.problems).toBe(100);
  });

  it('are offered with the lightest load first', () => {
    const rows = [courier('heavy', { left: 30 }), courier('light', { left: 2 })];
    expect(couriersToPick(rows, '').map((row) => row.id)).toEqual(['light', 'heavy']);
    expect(couriersToPick(rows, ' HEA ').map((row) => row.id)).toEqual(['heavy']);
  });
});

describe('devices', () => {
  const device = (id: string, over: Partial<DeviceRow> = {}): DeviceRow => ({
    id,
    label: null,
    user: { id: 'liang', name: '阿良' },
    enrolled_at: NOON,
    last_heard: null,
    revoked_at: null,
    app: null,
    head_seq: 0,
    waiting: null,
    incarnation: null,
    ...over,
  });

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
      device('old', { revoked_at: NOON }),
      device('used', { last_heard: NOON + 5 }),
      device('new', { enrolled_at: NOON + 9 }),
    ];
    expect(devicesInOrder(rows).map((row) => row.id)).toEqual(['new', 'used', 'old']);
    expect(arrivedDevice(rows, 'liang', NOON + 6)?.id).toBe('new');
    expect(arrivedDevice(rows, 'bei', NOON)).toBeNull();
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

describe('ids and words', () => {
  it('uuid7 holds its time and sorts by it', () => {
    const early = uuid7(stamp(NOON));
    expect(parseInt(early.replaceAll('-', '').slice(0, 12), 16)).toBe(NOON);
    expect(early < uuid7(stamp(NOON + 1))).toBe(true);
  });

  it('no word of the desk hides one of the common words', () => {
    expect(Object.keys(zh).filter((key) => key in common)).toEqual([]);
  });

  it('both languages fill the same gaps', () => {
    const gaps = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort();
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) expect(gaps(en[key]), key).toEqual(gaps(zh[key]));
  });
});
