import { describe, expect, it } from 'vitest';
import {
  dayEnd,
  dayRuns,
  dayStart,
  joined,
  listPath,
  offsetIn,
  questionKey,
  questionOf,
  requestsInOrder,
  standing,
  tabOf,
} from '../../../../pwa/dispatch/customers/model';
import { scopeText, sourceText, t, validText, weekdaysText, word } from '../../../../pwa/dispatch/customers/words';
import { language } from '../../../../pwa/ui/i18n.svelte';
import { crm as en } from '../../../../pwa/ui/strings/en/crm';
import { crm as zh } from '../../../../pwa/ui/strings/zh/crm';
import { request, STAMP, touch } from './cases';

const NOW = STAMP.now;
const DAY = 86_400_000;

describe('the address', () => {
  it('says which part is shown; the audit is the admin’s', () => {
    expect(tabOf({ own: {} }, 'csr')).toBe('customers');
    expect(tabOf({ own: { show: 'proposals' } }, 'csr')).toBe('proposals');
    expect(tabOf({ own: { show: 'audit' } }, 'csr')).toBe('customers');
    expect(tabOf({ own: { show: 'audit' } }, 'admin')).toBe('audit');
    expect(tabOf({ own: { show: 'nonsense' } }, 'admin')).toBe('customers');
  });
  it('asks the question it holds and no made-up tier', () => {
    const question = questionOf({ own: { q: ' 王 #1&x ', tier: 'vip' } });
    expect(question).toEqual({ q: '王 #1&x', tier: '' });
    expect(listPath(question, 100)).toBe('/api/v1/dispatch/customers?limit=100&offset=100&q=%E7%8E%8B+%231%26x');
    expect(questionKey(question)).not.toBe(questionKey({ q: '王 #1&x', tier: 'key' }));
  });
});

describe('a request stands', () => {
  it('where its state and its validity put it', () => {
    expect(standing(request(), NOW)).toBe('counts');
    expect(standing(request({ state: 'proposed' }), NOW)).toBe('proposed');
    expect(standing(request({ state: 'proposed', active: false }), NOW)).toBe('off');
    expect(standing(request({ valid_until: NOW - 1 }), NOW)).toBe('over');
    expect(standing(request({ valid_until: NOW }), NOW)).toBe('counts');
    expect(standing(request({ valid_from: NOW + 1 }), NOW)).toBe('later');
  });
  it('in the order of who has to look', () => {
    const all = [
      request({ id: 'off', active: false }),
      request({ id: 'old', set_at: 1 }),
      request({ id: 'new', set_at: 2 }),
      request({ id: 'asked', state: 'proposed' }),
      request({ id: 'over', valid_until: 1 }),
    ];
    expect(requestsInOrder(all, NOW).map((one) => one.id)).toEqual(['asked', 'new', 'old', 'over', 'off']);
  });
});

describe('days', () => {
  it('make runs', () => {
    expect(dayRuns([5, 1, 2, 3])).toEqual([
      [1, 3],
      [5, 5],
    ]);
    expect(dayRuns([])).toEqual([]);
    language.set('zh', false);
    expect(weekdaysText([1, 2, 3, 4, 5, 7])).toBe('周一至周五、周日');
    language.set('en', false);
    expect(weekdaysText([1, 3])).toBe('Mon, Wed');
  });
  it('begin and end in the station’s zone', () => {
    const shanghai = offsetIn('Asia/Shanghai');
    expect(dayStart('2026-05-04', shanghai)).toBe(Date.UTC(2026, 4, 3, 16));
    expect(dayEnd('2026-05-04', shanghai)).toBe(Date.UTC(2026, 4, 4, 16) - 1);
    expect(dayStart('', shanghai)).toBeNull();
    expect(dayStart('2026-5-4', shanghai)).toBeNull();
    const berlin = offsetIn('Europe/Berlin');
    const short = (dayEnd('2026-03-29', berlin) ?? 0) - (dayStart('2026-03-29', berlin) ?? 0) + 1;
    const long = (dayEnd('2026-10-25', berlin) ?? 0) - (dayStart('2026-10-25', berlin) ?? 0) + 1;
    expect([short, long]).toEqual([DAY - 3_600_000, DAY + 3_600_000]);
  });
});

describe('sentences', () => {
  it('say what a request is for, until when and from whom', () => {
    language.set('zh', false);
    expect(scopeText(request({ scope: 'parcel', waybill: 'SF1' }))).toBe('只用于 SF1');
    expect(scopeText(request({ scope: 'weekdays', weekdays: [6, 7] }))).toBe('周六至周日适用');
    expect(scopeText(request({ weekdays: [1] }))).toBe('每次都适用 · 周一');
    expect(validText(request({ valid_until: NOW }), 'Asia/Shanghai')).toBe('到 5月4日 周一');
    expect(validText(request(), 'Asia/Shanghai')).toBe('长期有效');
    expect(sourceText(request({ source: 'courier', set_by: '阿良' }))).toBe('快递员在门口听到 · 阿良');
    expect(sourceText(request({ source: 'order', set_by: null }))).toBe('来自订单');
  });
  it('are there for every word of the data, and show what is unknown as it is', () => {
    for (const tongue of ['zh', 'en'] as const) {
      language.set(tongue, false);
      expect(t('line.tasks', { n: 1 })).not.toContain('{');
      expect(word('source', 'customer')).not.toBe('customer');
      expect(word('source', 'martian')).toBe('martian');
    }
  });
  it('have the same keys and values in both languages', () => {
    const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort().join();
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    for (const key of Object.keys(zh) as (keyof typeof zh)[]) {
      expect(`${key} ${names(en[key])}`).toBe(`${key} ${names(zh[key])}`);
      expect(en[key]).not.toMatch(/[\u4e00-\u9fff]/);
      expect(zh[key].trim()).not.toBe('');
    }
  });
});

describe('a timeline', () => {
  it('joins pages without telling anything twice', () => {
    const one = [touch(9), touch(7)];
    expect(joined(one, [touch(7), touch(3)]).map((each) => each.position)).toEqual([9, 7, 3]);
  });
});
