import { describe, expect, it } from 'vitest';
import * as filter from '../../../../pwa/dispatch/conflicts/filter';
import type { Case, Mark } from '../../../../pwa/dispatch/conflicts/types';

function mark(id: string, kind = 'cancelled', over: Partial<Mark> = {}): Mark {
  return { id, kind, status: 'open', outcomes: ['mine', 'theirs', 'noted'], suggested: 'mine', owner: null, ...over };
}

const row = (id: string, over: Partial<Case> = {}): Case => ({ ...mark(id), ...over }) as Case;
const chosen = (...marks: Mark[]) => new Map(marks.map((one) => [one.id, one]));

describe('the filter in the address', () => {
  it('becomes the server’s query and leaves out what is not asked', () => {
    const narrowed = filter.narrowed({ kind: 'state', owner: 'me', q: ' SF1 ', due: 'someday' }, false);
    expect(filter.queryOf(narrowed)).toBe('status=open&kind=state&owner=me&q=SF1');
    expect(filter.queryOf(filter.narrowed({}, true))).toBe('status=decided');
    expect(filter.isNarrowed(filter.narrowed({ q: '  ' }, true))).toBe(false);
    expect(filter.isNarrowed(narrowed)).toBe(true);
  });

  it('is turned off by the press that turned it on', () => {
    const on = filter.pressed({ kind: 'state' }, 'owner', 'me');
    expect(on).toEqual({ kind: 'state', owner: 'me' });
    expect(filter.pressed(on, 'owner', 'none')['owner']).toBe('none');
    expect(filter.pressed(on, 'owner', 'me')['owner']).toBe('');
  });
});

describe('the selection', () => {
  it('is toggled, and drawn out over the rows between', () => {
    const rows = ['a', 'b', 'c', 'd'].map((id) => row(id));
    expect([...filter.ranged(filter.NONE_CHOSEN, rows, 'd', 'b').keys()]).toEqual(['b', 'c', 'd']);
    expect([...filter.ranged(chosen(mark('a')), rows, 'gone', 'b').keys()]).toEqual(['a', 'b']);
    const one = filter.toggled(filter.NONE_CHOSEN, mark('a'));
    expect([...one.keys()]).toEqual(['a']);
    expect(filter.toggled(one, mark('a')).size).toBe(0);
  });

  it('is told by kinds, the most frequent first, and cut down to one of them', () => {
    const mixed = chosen(mark('a'), mark('b', 'state'), mark('c', 'state'));
    expect(filter.kindsOf(mixed)).toEqual([
      ['state', 2],
      ['cancelled', 1],
    ]);
    expect([...filter.ofKind(mixed, 'state').keys()]).toEqual(['b', 'c']);
  });

  it('loses what was decided meanwhile and keeps what merely left the page', () => {
    const before = chosen(mark('a'), mark('b'));
    expect([...filter.kept(before, [row('a', { status: 'decided' })], false).keys()]).toEqual(['b']);
    expect(filter.kept(before, [row('a')], false)).toBe(before);
  });

  it('is offered what all of it may have, and suggested what most of it is', () => {
    const marks = [
      mark('a'),
      mark('b', 'contradiction', { suggested: 'theirs' }),
      mark('c', 'x', { suggested: 'theirs' }),
    ];
    expect(filter.offeredTo(marks)).toEqual({ outcomes: ['mine', 'theirs', 'noted'], suggested: 'theirs' });
    expect(filter.offeredTo([mark('a'), mark('b', 'q', { outcomes: ['noted'] })])).toEqual({
      outcomes: ['noted'],
      suggested: 'noted',
    });
    expect(filter.offeredTo([])).toEqual({ outcomes: [], suggested: 'noted' });
  });
});
