import { describe, expect, it } from 'vitest';
import { fill } from '../../../pwa/ui/i18n.svelte';
import { common as enCommon } from '../../../pwa/ui/strings/en/common';
import { courier as enCourier } from '../../../pwa/ui/strings/en/courier';
import { common as zhCommon } from '../../../pwa/ui/strings/zh/common';
import { courier as zhCourier } from '../../../pwa/ui/strings/zh/courier';

const names = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1] ?? ''))].sort();

describe.each([
  ['common', zhCommon, enCommon],
  ['courier', zhCourier, enCourier],
] as [string, Record<string, string>, Record<string, string>][])('%s strings', (_name, zh, en) => {
  it('have the same keys, none of them empty', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    expect([...Object.values(zh), ...Object.values(en)].filter((words) => words.trim() === '')).toEqual([]);
  });
  it('take the same values in both languages', () => {
    const differing = Object.keys(zh).filter((key) => names(zh[key] ?? '').join() !== names(en[key] ?? '').join());
    expect(differing).toEqual([]);
  });
  it('are Chinese in Chinese and not in English', () => {
    const foreign = Object.entries(en).filter(
      ([key, words]) => /[\u4e00-\u9fff]/.test(words) && !key.includes('anguage'),
    );
    expect(foreign).toEqual([]);
  });
});

describe('filling in', () => {
  it('puts values and picks the word for the number', () => {
    expect(fill('{n} {n|is|are} waiting for signal', { n: 1 })).toBe('1 is waiting for signal');
    expect(fill('{n} {n|is|are} waiting for signal', { n: 3 })).toBe('3 are waiting for signal');
  });
  it('leaves an unknown name to be seen', () => {
    expect(fill('{who} {n}', { n: 0 })).toBe('{who} 0');
  });
});
