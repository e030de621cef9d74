import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { canonical, NotCanonicalError, derive, sha256Hex } from '../../sync/ts/canonical';
import { hex, sha256, utf8 } from '../../sync/ts/sha256';

describe('sha256', () => {
  it('agrees with a known implementation for every length around the block borders', () => {
    for (let length = 0; length < 260; length += 1) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
      expect(hex(sha256(data))).toBe(createHash('sha256').update(data).digest('hex'));
    }
  });

  it('writes UTF-8 as everybody does', () => {
    for (const text of ['', 'abc', '门口放前台 é', '😀 fire', '\u0000\u007f\u0080\u07ff\u0800\uffff']) {
      expect(utf8(text)).toEqual(new Uint8Array(Buffer.from(text, 'utf8')));
    }
    expect(() => utf8('\ud800')).toThrow(RangeError);
  });
});

describe('canonical', () => {
  it('P5 refuses what the two languages would write differently', () => {
    for (const value of [1.5, 2 ** 53, Number.NaN, undefined, { a: undefined }, '\udc00', 'a\u0000']) {
      expect(() => canonical(value)).toThrow(NotCanonicalError);
    }
  });

  it('derives the same id from the same parts', () => {
    expect(derive('task', 'delivery', 'SF1')).toBe(derive('task', 'delivery', 'SF1'));
    expect(derive('task', 'delivery', 'SF1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(sha256Hex('abc')).toMatch(/^ba7816bf/);
  });
});
