/**
 * Strings: a typed dictionary per language. Each face makes its own translator out of the dictionaries it ships
 * (the desk never loads the handheld's words): `translator({ zh: {...}, en: {...} })`. The language is one
 * reactive value, so every sentence on the screen follows a switch without a reload.
 */
import { common as enCommon } from './strings/en/common';
import { common as zhCommon } from './strings/zh/common';

export type Language = 'zh' | 'en';
export type Params = Record<string, string | number>;

const KEY = 'doorstep.language';

function remembered(): Language {
  const stored = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  if (stored === 'zh' || stored === 'en') return stored;
  const system = typeof navigator === 'undefined' ? 'zh' : navigator.language;
  return system.toLowerCase().startsWith('en') ? 'en' : 'zh';
}

class LanguageChoice {
  current = $state<Language>(remembered());

  constructor() {
    // Chosen in another tab, it is spoken here too.
    if (typeof window === 'undefined') return;
    window.addEventListener('storage', ({ key, newValue }) => {
      if (key === KEY && (newValue === 'zh' || newValue === 'en')) this.set(newValue, false);
    });
  }

  /** Whether a person chose it here; until then an account's own language may set it. */
  get chosen(): boolean {
    return typeof localStorage !== 'undefined' && localStorage.getItem(KEY) !== null;
  }

  /** `remember: false` follows the account without overruling a later choice of the person. */
  set(language: Language, remember = true): void {
    this.current = language;
    if (typeof document !== 'undefined') document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    if (remember && typeof localStorage !== 'undefined') localStorage.setItem(KEY, language);
  }
}

export const language = new LanguageChoice();

/** Fill `{name}` and `{n|one|many}`; an unknown name stays as it is, so that a slip is seen. */
export function fill(template: string, params: Params = {}): string {
  return template.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    if (one === undefined) return String(value);
    return Number(value) === 1 ? one : (many ?? '');
  });
}

export type Translate<K extends string> = (key: K, params?: Params) => string;

export function translator<D extends Record<string, string>>(
  dictionaries: Record<Language, Record<keyof D & string, string>> & { zh: D },
): Translate<keyof D & string> {
  return (key, params) => fill(dictionaries[language.current][key] ?? key, params);
}

/** What one face says: `t` for the words it names itself, the others for words whose key comes from data. */
export interface Wording<K extends string> {
  t: Translate<K>;
  /** `own('status', code)` is the word `status.` + code, null when there is none. */
  own(prefix: string, code: string): string | null;
  /** The same; data we have no word for is shown as it is. */
  word(prefix: string, code: string): string;
}

export function wording<D extends Record<string, string>>(
  dictionaries: Record<Language, Record<keyof D & string, string>> & { zh: D },
): Wording<keyof D & string> {
  const t = translator(dictionaries);
  const own = (prefix: string, code: string): string | null => {
    const key = `${prefix}.${code}`;
    return Object.hasOwn(dictionaries.zh, key) ? t(key) : null;
  };
  return { t, own, word: (prefix, code) => own(prefix, code) ?? code };
}

export const t = translator({ zh: zhCommon, en: enCommon });
