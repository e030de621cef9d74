import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../pwa/ui/tokens.css', import.meta.url), 'utf8');

function roles(theme: string): Record<string, string> {
  const block = new RegExp(`\\[data-theme='${theme}'\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((found) => [found[1], found[2]]));
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const text = ['text', 'quiet', 'accent', 'good', 'warn', 'bad', 'offline', 'divert', 'repeat'];
const grounds = ['surface', 'raised'];
const filled = ['accent', 'note', 'good', 'warn', 'bad', 'offline', 'divert', 'repeat'];
const soft = ['accent', 'good', 'warn', 'bad', 'offline', 'divert', 'repeat'];

describe.each(['light', 'dark', 'sunlight'])('colour roles, %s', (theme) => {
  const role = roles(theme);
  const pair = (front: string, back: string): number => contrast(role[front] ?? '', role[back] ?? '');

  it.each(text.flatMap((front) => grounds.map((back) => [front, back] as const)))(
    '%s on %s is readable',
    (front, back) => {
      expect(pair(front, back)).toBeGreaterThanOrEqual(4.5);
    },
  );
  it.each(filled)('words on a filled %s are readable', (name) => {
    expect(pair(`on-${name}`, name)).toBeGreaterThanOrEqual(4.5);
  });
  it.each(soft)('%s on its own soft ground is readable', (name) => {
    expect(pair(name, `${name}-soft`)).toBeGreaterThanOrEqual(4.5);
  });
  it('words on a sunken ground are readable', () => {
    expect(pair('text', 'sunken')).toBeGreaterThanOrEqual(4.5);
    expect(pair('quiet', 'sunken')).toBeGreaterThanOrEqual(4.5);
  });
  it('the edge of a control and the amber triangle can be seen', () => {
    expect(pair('line-strong', 'raised')).toBeGreaterThanOrEqual(3);
    expect(pair('line-strong', 'surface')).toBeGreaterThanOrEqual(3);
    expect(pair('warn-mark', 'raised')).toBeGreaterThanOrEqual(3);
  });
});
