import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill } from '../../../pwa/ui/i18n.svelte';

type Words = Record<string, string>;

const names = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1] ?? ''))].sort();

/** Every dictionary there is, by name. */
const files = import.meta.glob<Record<string, Words>>('../../../pwa/ui/strings/*/*.ts', { eager: true });
const words = (language: string, name: string): Words =>
  files[`../../../pwa/ui/strings/${language}/${name}.ts`]?.[name] ?? {};
const dictionaries = Object.keys(files)
  .filter((path) => path.includes('/zh/'))
  .map((path) => path.slice(path.lastIndexOf('/') + 1, -'.ts'.length));

describe.each(dictionaries)('%s strings', (name) => {
  const [zh, en] = [words('zh', name), words('en', name)];
  it('have the same keys, none of them empty', () => {
    expect(Object.keys(zh).length).toBeGreaterThan(5);
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
    expect([...Object.values(zh), ...Object.values(en)].filter((text) => text.trim() === '')).toEqual([]);
  });
  it('take the same values in both languages', () => {
    const differing = Object.keys(zh).filter((key) => names(zh[key] ?? '').join() !== names(en[key] ?? '').join());
    expect(differing).toEqual([]);
  });
  it('are Chinese in Chinese and not in English', () => {
    const foreign = Object.entries(en).filter(
      ([key, text]) => /[\u4e00-\u9fff]/.test(text) && !key.includes('anguage'),
    );
    expect(foreign).toEqual([]);
  });
  it('have Chinese marks in Chinese, and in English quotes that no Chinese font draws wide', () => {
    const narrow = Object.entries(zh).filter(([, text]) =>
      /[\u4e00-\u9fff}][,;:!?(]|[,;:!?)][\u4e00-\u9fff]/.test(text),
    );
    expect(narrow).toEqual([]);
    expect(Object.entries(en).filter(([, text]) => /[\u2018-\u201d]/.test(text))).toEqual([]);
  });
  it('hide no word of a dictionary they are spoken with', () => {
    const beside = [...translators.values()].filter((made) => made.includes(name)).flat();
    const others = new Set(beside.filter((one) => one !== name));
    for (const one of others) expect(Object.keys(zh).filter((key) => Object.hasOwn(words('zh', one), key))).toEqual([]);
  });
  it('are all said somewhere, in both languages', () => {
    const said = sayers.filter((one) => one.speaks.has(name)).map((one) => one.says);
    const unsaid = (keys: string[]) => keys.filter((key) => !said.some((says) => says(key)));
    expect(unsaid(Object.keys(zh))).toEqual([]);
    expect(unsaid(Object.keys(en))).toEqual([]);
  });
});

/** A source, the dictionaries it takes words from, and whether it says a word. */
interface Sayer {
  speaks: ReadonlySet<string>;
  says(key: string): boolean;
}

const PWA = join(import.meta.dirname, '../../../pwa');
const sources = new Map(
  readdirSync(PWA, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|svelte)$/.test(path) && !/^(dist|api|ui\/strings)\//.test(path))
    .map((path) => [path, readFileSync(join(PWA, path), 'utf8')]),
);
/** The files that make a translator, and of which dictionaries. */
const translators = new Map(
  [...sources]
    .map(([path, text]) => [path, [...text.matchAll(/strings\/zh\/(\w+)'/g)].map((found) => found[1] ?? '')] as const)
    .filter(([, made]) => made.length > 0),
);
const sayers: Sayer[] = [...sources].map(([path, text]) => ({
  speaks: new Set([...spokenIn(path, text)].flatMap((file) => translators.get(file) ?? [])),
  says: sayingsOf(text),
}));

/** The translators of a file: the nearest one up its folders (its data may name words), and those it takes words of. */
function spokenIn(path: string, text: string): Set<string> {
  const found = new Set<string>();
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const near = [...translators.keys()].find((one) => dirname(one) === folder);
    if (near !== undefined) found.add(near);
    if (near !== undefined || folder === '.') break;
  }
  for (const [, taken = '', from = ''] of text.matchAll(/import \{([^}]*)\} from '(\.[^']+)'/g)) {
    if (/\b(t|word|ownWord|keyed)\b/.test(taken)) found.add(`${join(dirname(path), from)}.ts`);
  }
  return found;
}

/** Words named in full, and families: `word('status', code)`, or a template such as `deed.${deed}.title`. */
function sayingsOf(text: string): (key: string) => boolean {
  const full = new Set([...text.matchAll(/(['"`])([a-z][\w.]*)\1/g)].map((found) => found[2] ?? ''));
  const prefixes = [...text.matchAll(/(?:[wW]ord|keyed)\(\s*'([\w.]+)'/g)].map((found) => `${found[1]}.`);
  const templates = [...text.matchAll(/`([a-z]\w*\.[\w.]*\$\{(?:[^`$]|\$\{)*)`/g)].map(
    (found) => new RegExp(`^${(found[1] ?? '').replaceAll('.', '\\.').replaceAll(/\$\{[^}]*\}/g, '[^.]+')}$`),
  );
  return (key) =>
    full.has(key) ||
    prefixes.some((prefix) => key.startsWith(prefix)) ||
    templates.some((template) => template.test(key));
}

describe('filling in', () => {
  it('puts values and picks the word for the number', () => {
    expect(fill('{n} {n|is|are} waiting for signal', { n: 1 })).toBe('1 is waiting for signal');
    expect(fill('{n} {n|is|are} waiting for signal', { n: 3 })).toBe('3 are waiting for signal');
  });
  it('leaves an unknown name to be seen', () => {
    expect(fill('{who} {n}', { n: 0 })).toBe('{who} 0');
  });
});
