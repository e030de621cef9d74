import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBracketed, parseElements, SEPARATOR, written } from '../../../pwa/device/codes/gs1';
import { parseLink } from '../../../pwa/device/codes/link';
import { understand } from '../../../pwa/device/codes/reading';

describe('element strings', () => {
  it('are taken apart', () => {
    expect(parseElements(`0112345678901231${'10'}ABC${SEPARATOR}21XYZ`)).toEqual([
      { ai: '01', value: '12345678901231' },
      { ai: '10', value: 'ABC' },
      { ai: '21', value: 'XYZ' },
    ]);
    expect(parseBracketed('(00)006141411234567890')).toEqual([{ ai: '00', value: '006141411234567890' }]);
  });
  it('are refused whole when anything is wrong', () => {
    expect(parseElements('0112345678901232')).toBeNull();
    expect(parseElements('SF1428805599012')).toBeNull();
    expect(parseBracketed('(00)006141411234567891')).toBeNull();
  });
  it('a link says the same', () => {
    expect(parseLink('https://id.gs1.org/00/952012345678912345')).toEqual([{ ai: '00', value: '952012345678912345' }]);
    expect(parseLink('https://example.com/track?no=SF1428805599012')).toBeNull();
  });
});

interface Vectors {
  parseAIdata: { ok: boolean; bracketed: string; expect: string }[];
  processAIdata: { ok: boolean; unbracketed: string }[];
  parseDLuri: { ok: boolean; uri: string; expect: string }[];
  processScanData: { ok: boolean; scan: string; expect: string }[];
}

const FILE = join(import.meta.dirname, '../../../../shared/data/gs1_ai/gs1_vectors.json');
const there = existsSync(FILE);
const vectors = there ? (JSON.parse(readFileSync(FILE, 'utf8')) as Vectors) : null;
if (!there) console.warn(`gs1.test.ts: ${FILE} is not there, the public vectors were not tried`);

/** The vectors write the separator as `^`, also before the first element. */
const theirs = (elements: ReturnType<typeof parseElements>): string =>
  elements ? `^${written(elements).replaceAll(SEPARATOR, '^')}` : '';

describe.skipIf(!there)("GS1's own vectors", () => {
  it('brackets', () => {
    const apart = vectors?.parseAIdata.filter(
      (one) => theirs(parseBracketed(one.bracketed)) !== (one.ok ? one.expect : ''),
    );
    expect(apart).toEqual([]);
  });
  it('plain', () => {
    const apart = vectors?.processAIdata.filter(({ ok, unbracketed }) => {
      const text = unbracketed.replaceAll('^', SEPARATOR);
      return (text.startsWith(SEPARATOR) && parseElements(text.slice(1)) !== null) !== ok;
    });
    expect(apart).toEqual([]);
  });
  // Their reader takes permissions: one for words instead of numbers, which is of the past and not read here. The same address then
  // stands there more than once, with several outcomes: ours is one of them.
  it('links', () => {
    const all = vectors?.parseDLuri.filter(({ uri }) => !/\/(gtin|sscc)\//.test(uri)) ?? [];
    const allowed = new Map<string, Set<string>>();
    for (const { uri, ok, expect: theirs } of all)
      allowed.set(uri, (allowed.get(uri) ?? new Set()).add(ok ? theirs : ''));
    expect(all.length).toBeGreaterThan(100);
    expect([...allowed].filter(([uri, outcomes]) => !outcomes.has(theirs(parseLink(uri))))).toEqual([]);
  });
  it('as a scanner sends them, its name of the symbology before them', () => {
    const all = vectors?.processScanData.filter(({ ok, scan }) => ok && /^\](Q3|d2|e0|C1)/.test(scan)) ?? [];
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter((one) => theirs(understand(one.scan).elements) !== one.expect)).toEqual([]);
  });
});
