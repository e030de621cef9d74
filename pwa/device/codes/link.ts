/** GS1 Digital Link: a web address that says what a GS1 code says. */
import { isValue, type Element } from './gs1';
import { IDENTIFIERS, KEYS, NOT_IN_LINKS } from './gs1-table';

const LINK = /^(?:https?|HTTPS?):\/\/[\w.:[\]~-]+(\/[^?#]*)(?:\?([^#]*))?(?:#.*)?$/;
/** A trade item's number is also written without its leading zeros. */
const ITEM = new Set(['01', '02']);

function decoded(text: string): string | null {
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    // eslint-disable-next-line no-control-regex
    return /[\x00-\x1f\x7f]/.test(value) ? null : value;
  } catch {
    return null;
  }
}

function element(ai: string, text: string): Element | null {
  const value = decoded(text);
  if (value === null) return null;
  const whole = ITEM.has(ai) && [8, 12, 13].includes(value.length) ? value.padStart(14, '0') : value;
  return isValue(ai, whole) ? { ai, value: whole } : null;
}

/** The path from the last key on: the key and its value, then what may follow it, in order. */
function ofPath(path: string): Element[] | null {
  const steps = path.split('/').slice(1);
  for (let at = steps.length - 2; at >= 0; at -= 1) {
    const [key = '', ...rest] = steps.slice(at);
    const orders = KEYS[key];
    const names = rest.filter((_, index) => index % 2 === 1);
    const fits = orders?.find((order) => isInOrder(names, order));
    if (!fits || rest.length % 2 === 0) continue;
    const pairs = [key, ...names].map((ai, index) => element(ai, rest[index * 2] ?? ''));
    return pairs.every((one) => one !== null) ? pairs : null;
  }
  return null;
}

function isInOrder(names: readonly string[], order: readonly string[]): boolean {
  const places = names.map((name) => order.indexOf(name));
  return places.every((place, at) => place >= 0 && (at === 0 || place > (places[at - 1] ?? -1)));
}

function ofQuery(query: string): (Element | null)[] {
  return query
    .split(/[&;]/)
    .map((pair) => /^(\d+)=(.*)$/s.exec(pair))
    .filter((pair) => pair !== null)
    .map(([, ai = '', value = '']) => (IDENTIFIERS.has(ai) && !NOT_IN_LINKS.has(ai) ? element(ai, value) : null));
}

/** What the address says; null when it is an address like any other. */
export function parseLink(text: string): Element[] | null {
  const [, path = '', query = ''] = LINK.exec(text) ?? [];
  const about = ofPath(path);
  if (!about) return null;
  const more = ofQuery(query);
  if (!more.every((one) => one !== null)) return null;
  const all = [...about, ...more];
  const qualifiers =
    KEYS[about[0]?.ai ?? '']?.find((order) => about.slice(1).every(({ ai }) => order.includes(ai))) ?? [];
  const misplaced = more.some(({ ai }) => qualifiers.includes(ai));
  return misplaced || new Set(all.map(({ ai }) => ai)).size < all.length ? null : all;
}
