import { describe, expect, it } from 'vitest';
import {
  askQuery,
  EMPTY,
  filterQuery,
  fromSaved,
  isFiltered,
  narrowings,
  ofQueue,
  QUEUES,
  queueOf,
  readFilter,
  readOrder,
  sameFilter,
  toSaved,
  type Queue,
} from '../../../pwa/dispatch/filter';

const ORDER = { sort: 'window_end', desc: false } as const;

describe('a filter', () => {
  it('is the same in the address, in the question and in what is saved', () => {
    const filter = {
      ...EMPTY,
      q: ' SF 12 ',
      status: ['held', 'created'],
      courier: 'none',
      kind: 'pickup',
      merchant: '测试',
      window: 'soon',
      conflict: true,
      request: true,
    } as const;
    const read = readFilter(filterQuery(filter));
    expect(read).toEqual({ ...filter, q: 'SF 12', status: ['created', 'held'] });
    expect(fromSaved(toSaved(filter))).toEqual(read);
    expect(toSaved(filter)).toMatchObject({ status: ['created', 'held'], conflict: true, courier: 'none' });
    expect(new URLSearchParams(askQuery(filter, ORDER)).getAll('status')).toEqual(['created', 'held']);
  });

  it('says its order in full to the server, in short in the address', () => {
    expect(askQuery(EMPTY, ORDER)).toBe('sort=window_end&dir=asc');
    expect(filterQuery(EMPTY).toString()).toBe('');
    expect(readOrder(new URLSearchParams('sort=nonsense'))).toEqual(ORDER);
  });

  it('takes nothing from an address or a newer desk that it does not know', () => {
    const query = new URLSearchParams('status=x,held&courier=../a&kind=box&window=9&conflict=1&q=' + 'a'.repeat(500));
    expect(readFilter(query)).toEqual({ ...EMPTY, status: ['held'], q: 'a'.repeat(120) });
    expect(fromSaved({ status: ['held', 7, null], q: { a: 1 }, conflict: true, newer: 'x' })).toEqual({
      ...EMPTY,
      status: ['held'],
      conflict: true,
    });
  });

  it('is told from a queue by what narrows it, not by the search in it', () => {
    for (const queue of Object.keys(QUEUES) as Queue[]) {
      expect(queueOf({ ...ofQueue(queue), q: 'SF' })).toBe(queue);
    }
    expect(queueOf({ ...EMPTY, merchant: 'x' })).toBeNull();
    expect(sameFilter({ ...EMPTY, status: ['held', 'created'] }, { ...EMPTY, status: ['created', 'held'] })).toBe(true);
  });

  it('counts what narrows', () => {
    expect(narrowings(EMPTY)).toBe(0);
    expect(isFiltered({ ...EMPTY, q: '  ' })).toBe(false);
    expect(isFiltered({ ...EMPTY, q: 'a' })).toBe(true);
    expect(narrowings({ ...EMPTY, q: 'a', status: ['held'], conflict: true })).toBe(2);
  });
});
