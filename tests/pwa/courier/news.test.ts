import { describe, expect, it } from 'vitest';
import { gathered, valueOf, type Words } from '../../../pwa/courier/news/model';
import type { Change, NewsView } from '../../../pwa/engine';

const words: Words = {
  nothing: 'none',
  window: (start, end) => `${start}-${end}`,
  money: (minor) => `¥${minor / 100}`,
  request: (kind, text) => `${kind} ${text}`,
};
const change = (what: Change['what'], was: Change['was'], is: Change['is']): Change => ({
  what,
  id: '',
  was,
  is,
  at: 1,
});
const news = (task: string, ...changes: Change[]): NewsView => ({ task, waybill: task, present: true, changes, at: 1 });

describe('a change on the road', () => {
  it.each([
    [change('window', [1, 2], [3, null]), '1-2', '3-null'],
    [change('amount', 0, 12_850), 'none', '¥128.5'],
    [change('address', 'A', 'B'), 'A', 'B'],
    [change('sequence', null, 4), 'none', '4'],
    [change('request', { kind: 'no_ring', text: 'baby' }, null), 'no_ring baby', 'none'],
    [change('note', null, 'ring twice'), null, 'ring twice'],
    [change('added', null, null), null, null],
    [change('cancelled', null, 'recalled'), null, 'recalled'],
  ])('says what was and what is: %o', (one, was, is) => {
    expect([valueOf(one, 'was', words), valueOf(one, 'is', words)]).toEqual([was, is]);
  });
  it('gathers a new plan into one piece of news, and hides nothing else in it', () => {
    const moved = [news('a', change('sequence', 1, 2)), news('b', change('sequence', 2, 1))];
    const other = news('c', change('sequence', 3, 4), change('address', 'A', 'B'));
    expect(gathered([...moved, other])).toEqual({ moved, single: [other] });
    expect(gathered([moved[0]!, other])).toEqual({ moved: [], single: [moved[0], other] });
  });
});
