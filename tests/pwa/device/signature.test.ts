import { describe, expect, it } from 'vitest';
import { isName, type Strokes } from '../../../pwa/device/signature';

const stroke = (...points: [number, number][]): Strokes[number] => ({
  dotSize: 0,
  minWidth: 1,
  maxWidth: 3,
  penColor: '#000000',
  velocityFilterWeight: 0.7,
  compositeOperation: 'source-over',
  points: points.map(([x, y], time) => ({ x, y, pressure: 0.5, time })),
});

describe('a signature', () => {
  it('is more than a dot, a slip, or many dots', () => {
    expect(isName([])).toBe(false);
    expect(isName([stroke([10, 10])])).toBe(false);
    expect(isName([stroke([10, 10], [14, 12])])).toBe(false);
    expect(isName(Array.from({ length: 30 }, (_, at) => stroke([at * 10, 20])))).toBe(false);
  });
  it('may be short: one bar across, or a few small strokes', () => {
    expect(isName([stroke([10, 50], [60, 50])])).toBe(true);
    expect(isName([stroke([10, 10], [25, 10]), stroke([17, 5], [17, 35])])).toBe(true);
  });
});
