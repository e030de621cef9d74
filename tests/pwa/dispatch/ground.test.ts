import { describe, expect, it } from 'vitest';
import { apart, tileAt, type Corners } from '../../../pwa/ui/map/geometry';

const HANGZHOU: Corners = [
  [29.9, 119.8],
  [30.5, 120.5],
];

describe('the ground of the map', () => {
  it('is of another area only when nothing lies in both', () => {
    const inside: Corners = [
      [30.2, 120.1],
      [30.3, 120.2],
    ];
    const shanghai: Corners = [
      [31.0, 121.2],
      [31.4, 121.8],
    ];
    const northOfIt: Corners = [
      [30.6, 119.9],
      [30.7, 120.4],
    ];
    const across: Corners = [
      [29.0, 120.4],
      [30.0, 121.0],
    ];
    expect([inside, shanghai, northOfIt, across].map((other) => apart(HANGZHOU, other))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(apart(shanghai, HANGZHOU)).toBe(true);
    expect(apart(HANGZHOU, null), 'before anything is known').toBe(false);
  });

  it('names the tile of a place, within the world', () => {
    expect(tileAt(30.27, 120.13, 0)).toEqual([0, 0]);
    expect(tileAt(30.27, 120.13, 12)).toEqual([3414, 1686]);
    expect(tileAt(89.9, 180, 3)).toEqual([7, 0]);
  });
});
