import { describe, expect, it } from 'vitest';
import {
  canSkip,
  canUndo,
  documentOf,
  draftsOf,
  missingOf,
  movedText,
  percent,
  runs,
  saysMerchant,
} from '../../../../pwa/dispatch/intake/model';
import type { OrderFile } from '../../../../pwa/dispatch/intake/types';

const FIELDS = ['kind', 'merchant', 'reference', 'waybill', 'name', 'address', 'weight', 'window_start'];
const REQUIRED = ['kind', 'reference', 'waybill', 'name', 'address'];

function file(fields: Record<string, unknown>): OrderFile {
  return {
    id: 'f',
    name: '五月.csv',
    size: 1,
    format: 'csv',
    encoding: 'utf-8',
    sheet: null,
    sheets: [],
    header: ['单号', '收件人', '地址', '开始', '克'],
    rows: 2,
    sample: [],
    source: 'suggested',
    merchant: null,
    mapping: { format: 1, zone: 'Asia/Shanghai', fields },
    fields: FIELDS.map((name) => ({
      name,
      kind: name === 'window_start' ? 'time' : 'text',
      required: REQUIRED.includes(name),
      choices: [],
    })),
  };
}

describe('a mapping in the form', () => {
  const seen = file({
    kind: { constant: 'delivery' },
    reference: { column: ['order', '单号'] },
    waybill: { template: 'B{单号}' },
    name: { column: 'gone' },
    weight: { column: '克', unit: 'g' },
    window_start: { column: '开始', formats: ['%d.%m. %H:%M'] },
  });

  it('shows what the server proposed, as far as the file has the columns', () => {
    const drafts = draftsOf(seen);
    expect(Object.fromEntries(FIELDS.map((name) => [name, drafts[name]?.choice]))).toEqual({
      kind: '=delivery',
      merchant: '',
      reference: 'c:单号',
      waybill: 't',
      name: '',
      address: '',
      weight: 'c:克',
      window_start: 'c:开始',
    });
    expect(missingOf(seen, drafts)).toEqual(['name', 'address']);
    expect([saysMerchant(drafts, ' '), saysMerchant(drafts, '茶铺')]).toEqual([false, true]);
  });

  it('says what was chosen, with unit, formats and words', () => {
    const drafts = draftsOf(seen);
    const chosen = {
      ...drafts,
      kind: { choice: 'c:收件人', rule: {}, unit: '' },
      name: { choice: 'c:收件人', rule: {}, unit: '' },
      window_start: { choice: 'c:开始', rule: {}, unit: '' },
    };
    const { fields } = documentOf(seen, chosen) as { fields: Record<string, Record<string, unknown>> };
    expect(Object.keys(fields)).toEqual(['kind', 'reference', 'waybill', 'name', 'weight', 'window_start']);
    expect(fields.weight).toEqual({ column: '克', unit: 'g' });
    expect(fields.waybill).toEqual({ template: 'B{单号}' });
    expect(fields.kind?.words).toMatchObject({ 揽收: 'pickup' });
    expect(fields.window_start?.formats).toContain('%Y-%m-%d %H:%M');
  });
});

describe('an import', () => {
  const state = { status: 'rejected', file: 'f', wrong: 2, rows: 5, skip_bad: false, new: 3, done: 0, todo: 0 };

  it('is followed while somebody works on it', () => {
    expect(['waiting', 'staged', 'accepted', 'undoing'].every((status) => runs({ status }))).toBe(true);
    expect(runs({ status: 'applied' })).toBe(false);
  });

  it('never goes back: the check is the first fifth', () => {
    const at = (status: string, done: number) => percent({ status, done, todo: 100, only_check: false });
    expect([at('waiting', 0), at('staged', 100), at('accepted', 0), at('accepted', 100)]).toEqual([0, 20, 20, 100]);
    expect(percent({ status: 'staged', done: 50, todo: 100, only_check: true })).toBe(50);
  });

  it('offers what makes sense', () => {
    expect(canSkip(state)).toBe(true);
    expect(canSkip({ ...state, wrong: 5 })).toBe(false);
    expect(canUndo(state)).toBe(false);
    expect(canUndo({ ...state, status: 'applied' })).toBe(true);
    expect(canUndo({ ...state, status: 'applied', new: 0 })).toBe(false);
  });

  it('tells an order that has moved in the words of the reader', () => {
    const said = (status: string): string => (status === 'delivered' ? '已签收' : status);
    expect(movedText('A: 1 (SF1): delivered', said)).toBe('A: 1 (SF1) · 已签收');
    expect(movedText('as it came', said)).toBe('as it came');
  });
});
