import { describe, expect, it } from 'vitest';
import { corrections } from '../../../pwa/courier/corrections';
import { codeIn, complete, tidyCode } from '../../../pwa/courier/enrol/model';
import { grams, pickUp, pickupForm, pickupTask, ready } from '../../../pwa/courier/pickup/model';
import { reasonWords } from '../../../pwa/courier/reasons';
import { formatRoute, parseRoute, type Route } from '../../../pwa/courier/route';
import { share } from '../../../pwa/courier/share';
import type { Envelope, TaskView } from '../../../pwa/engine';
import { urgency } from '../../../pwa/courier/words';
import { language } from '../../../pwa/ui/i18n.svelte';
import { aDay } from '../preview/fixtures';

describe('the enrolment code', () => {
  it('is tidied while it is typed', () => {
    expect(tidyCode('ab cd12')).toBe('ABCD-12');
    expect(tidyCode('abcd-1234-9')).toBe('ABCD-1234');
    expect(complete('ABCD-1234')).toBe(true);
    expect(complete('ABCD-12')).toBe(false);
  });
  it('is found in the link of the QR, or alone', () => {
    expect(codeIn('https://doorstep.example/?code=ABCD-1234')).toBe('ABCD-1234');
    expect(codeIn('http://127.0.0.1:8000/#enrol=ABCD-1234')).toBe('ABCD-1234');
    expect(codeIn('?code=abcd1234')).toBe('ABCD-1234');
    expect(codeIn('abcd-1234')).toBe('ABCD-1234');
  });
  it('is not read out of a waybill or an empty link', () => {
    expect(codeIn('SF1428805599012')).toBeNull();
    expect(codeIn('?lang=en')).toBeNull();
    expect(codeIn('')).toBeNull();
  });
});

describe('addresses of screens', () => {
  it.each([
    { screen: 'today' },
    { screen: 'task', task: 'a-b' },
    { screen: 'problem', task: 'a-b' },
    { screen: 'pickup', waybill: 'YT 1/2' },
    { screen: 'outbox' },
    { screen: 'close' },
  ] as Route[])('$screen survives the way through the hash', (route) =>
    expect(parseRoute(formatRoute(route))).toEqual(route),
  );
  it('anything else is the list', () => {
    expect(parseRoute('')).toEqual({ screen: 'today' });
    expect(parseRoute('#/task/')).toEqual({ screen: 'today' });
    expect(parseRoute('#/nonsense')).toEqual({ screen: 'today' });
  });
  it('a code that is opened as a link on a phone that is enrolled is for logging in', () => {
    expect(parseRoute('#enrol=ABCD-1234')).toEqual({ screen: 'login' });
    expect(codeIn('#enrol=ABCD-1234')).toBe('ABCD-1234');
  });
});

describe('a pickup', () => {
  const view = aDay().find((one) => one.task.kind === 'pickup') as TaskView;
  it('starts with the pieces of the order', () => {
    expect(pickupForm(view)).toEqual({ pieces: 3, weight: '', packaging: null });
    expect(pickupForm(null)).toEqual({ pieces: 1, weight: '', packaging: null });
  });
  it('need not be weighed, but a weight must be one', () => {
    expect(grams({ pieces: 1, weight: ' ', packaging: null })).toBeNull();
    expect(grams({ pieces: 1, weight: '1.25', packaging: null })).toBe(1250);
    expect(ready({ pieces: 1, weight: 'x', packaging: null })).toBe(false);
    expect(ready({ pieces: 0, weight: '', packaging: null })).toBe(false);
  });
  it('that nobody told us of has the id everyone derives', () => {
    expect(pickupTask(view.parcel.waybill)).toBe(view.task.id);
  });
  it('is saved with pieces, grams and photos', () => {
    const { drafts, blobs } = pickUp(
      view,
      'YT1',
      { pieces: 2, weight: '0.5', packaging: null },
      [new Uint8Array([1])],
      'wedge',
    );
    expect(blobs).toHaveLength(1);
    expect(drafts).toEqual([
      {
        type: 'task.picked_up',
        entity: `task:${view.task.id}`,
        base: { requests: [] },
        payload: { pieces: 2, weight_g: 500, photos: ['blob:0'], waybill: 'YT1', label: 'wedge' },
      },
    ]);
  });
});

describe('taking back', () => {
  it('is a new operation for each, the last one first', () => {
    const saved = [
      { op_id: 'pay', entity: 'obligation:t' },
      { op_id: 'sign', entity: 'task:t' },
    ] as Envelope[];
    expect(corrections(saved)).toEqual([
      {
        type: 'operation.corrected',
        entity: 'task:t',
        payload: { corrects: 'sign', error: 'did_not_occur', note: null },
      },
      {
        type: 'operation.corrected',
        entity: 'obligation:t',
        payload: { corrects: 'pay', error: 'did_not_occur', note: null },
      },
    ]);
  });
});

describe('a reason in words', () => {
  it('comes from the table; one of a newer list is shown as it is', () => {
    expect(reasonWords('NOT_HOME', 'zh')).toBe('收件人不在');
    expect(reasonWords('NOT_HOME', 'en')).toBe('Nobody home');
    expect(reasonWords('NEW_ONE', 'zh')).toBe('NEW_ONE');
  });
});

describe('reading the store again', () => {
  const id = (item: { id: string }): string => item.id;
  it('keeps the object of what did not change, in the new order', () => {
    const before = [{ id: 'a', n: 1 }, { id: 'b', n: 1 }]; // prettier-ignore
    const [b, a, c] = share(before, [{ id: 'b', n: 1 }, { id: 'a', n: 2 }, { id: 'c', n: 1 }], id); // prettier-ignore
    expect(b).toBe(before[1]);
    expect(a).toEqual({ id: 'a', n: 2 });
    expect(c?.id).toBe('c');
  });
});

describe('how late a window is', () => {
  const MINUTE = 60_000;
  it('is said as long as it can be true', () => {
    language.set('zh', false);
    const now = 1_777_856_400_000;
    expect(urgency(now - 5 * MINUTE, now)).toEqual({ words: '超时 5 分', tone: 'bad' });
    expect(urgency(now - 26 * 60 * MINUTE, now)?.words).toBe('超时 26 小时 0 分');
    expect(urgency(now - 366 * 24 * 60 * MINUTE, now), 'a clock a year off').toBeNull();
    expect(urgency(now + 20 * MINUTE, now)?.tone).toBe('warn');
    expect(urgency(now + 300 * MINUTE, now)).toBeNull();
  });
});
