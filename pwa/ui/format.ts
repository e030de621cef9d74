/**
 * Numbers, times, addresses and names as people read them. Pure; the zone is the station's, never the device's.
 * Times are ms since the epoch, money is minor units (fen), weight is grams.
 */
/**
 * How far a zone is from UTC, ms, by day. A cheap phone takes longer over one Intl.DateTimeFormat than over four hundred rows: so
 * what it has said is kept for the next start of the app, and the day after is asked for in the same breath.
 */
const offsets = kept();
/** Days. */
const KEPT = 16;
const formatters = new Map<string, Intl.DateTimeFormat>();
const DAY_MS = 86_400_000;

function asked(at: number, zone: string): number {
  let known = formatters.get(zone);
  if (!known) {
    const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
    known = new Intl.DateTimeFormat('en-US', { ...numbers, hourCycle: 'h23', timeZone: zone });
    formatters.set(zone, known);
  }
  const parts = known.formatToParts(at);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const there = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'));
  return there - Math.floor(at / 60_000) * 60_000;
}

/** Null on the days on which a clock is put forward or back. */
function ofDay(began: number, zone: string): number | null {
  const [first, last] = [asked(began, zone), asked(began + DAY_MS - 60_000, zone)];
  return first === last ? first : null;
}

function kept(): Map<string, number | null> {
  try {
    return new Map(JSON.parse(localStorage.getItem('doorstep.offsets') ?? '[]') as [string, number | null][]);
  } catch {
    return new Map();
  }
}

function keep(): void {
  try {
    localStorage.setItem('doorstep.offsets', JSON.stringify([...offsets].slice(-KEPT)));
  } catch {
    // No room, or nothing that keeps: it is asked again.
  }
}

/** The wall clock of a zone, to be read with the UTC getters of a Date. */
function clock(at: number, zone: string): Date {
  const began = Math.floor(at / DAY_MS) * DAY_MS;
  const key = `${zone}|${began}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    offset = ofDay(began, zone);
    offsets.set(key, offset).set(`${zone}|${began + DAY_MS}`, ofDay(began + DAY_MS, zone));
    keep();
  }
  return new Date(at + (offset ?? asked(at, zone)));
}

const two = (number: number): string => String(number).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** 1 for Monday to 7 for Sunday, at the station. */
export function weekday(at: number, zone: string): number {
  return clock(at, zone).getUTCDay() || 7;
}

/** 14:02 */
export function time(at: number, zone: string): string {
  const there = clock(at, zone);
  return `${two(there.getUTCHours())}:${two(there.getUTCMinutes())}`;
}

/** 11月21日 周五 · Fri 21 Nov */
export function day(at: number, zone: string, language: 'zh' | 'en'): string {
  const there = clock(at, zone);
  const [date, week] = [there.getUTCDate(), there.getUTCDay()];
  if (language === 'en') return `${DAYS[week]} ${date} ${MONTHS[there.getUTCMonth()]}`;
  return `${there.getUTCMonth() + 1}月${date}日 周${'日一二三四五六'[week]}`;
}

/** 2025-11-21 in the station's zone: the name of a working day. */
export function dayKey(at: number, zone: string): string {
  return clock(at, zone).toISOString().slice(0, 10);
}

/** 21 Nov 14:02 when it was another day, else 14:02. */
export function timeOfDay(at: number, now: number, zone: string, language: 'zh' | 'en'): string {
  if (dayKey(at, zone) === dayKey(now, zone)) return time(at, zone);
  const there = clock(at, zone);
  const [month, date] = [there.getUTCMonth(), there.getUTCDate()];
  return `${language === 'zh' ? `${month + 1}/${date}` : `${date} ${MONTHS[month]}`} ${time(at, zone)}`;
}

/** 10:00-12:00, with one end open -12:00 or 10:00-; null when the task has no window. */
export function window(start: number | null, end: number | null, zone: string): string | null {
  if (start === null && end === null) return null;
  return `${start === null ? '' : time(start, zone)}–${end === null ? '' : time(end, zone)}`;
}

export interface Remaining {
  minutes: number;
  over: boolean;
}

/** Minutes to the window's end (rounded up), or since it passed. */
export function remaining(end: number | null, now: number): Remaining | null {
  if (end === null) return null;
  const over = now > end;
  return { minutes: over ? Math.floor((now - end) / 60_000) : Math.ceil((end - now) / 60_000), over };
}

const symbols: Record<string, string> = { CNY: '¥', USD: '$', EUR: '€', GBP: '£' };

/** ¥1,280.00 */
export function money(minor: number, currency = 'CNY'): string {
  const sign = minor < 0 ? '-' : '';
  const absolute = Math.abs(minor);
  const whole = String(Math.floor(absolute / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${sign}${symbols[currency] ?? `${currency} `}${whole}.${String(absolute % 100).padStart(2, '0')}`;
}

/** What a person typed as an amount, in minor units; null when it is none. No float ever holds it. */
export function parseMoney(text: string): number | null {
  const found = /^\s*[¥$€£]?\s*(\d{1,9})(?:[.。](\d{0,2}))?\s*$/.exec(text.replace(/,/g, ''));
  if (!found) return null;
  return Number(found[1]) * 100 + Number((found[2] ?? '').padEnd(2, '0'));
}

/** Kilograms with up to three decimals, typed, in grams; null when it is no weight. */
export function parseWeight(text: string): number | null {
  const found = /^\s*(\d{1,4})(?:[.。](\d{0,3}))?\s*(?:kg)?\s*$/i.exec(text);
  if (!found) return null;
  const grams = Number(found[1]) * 1000 + Number((found[2] ?? '').padEnd(3, '0'));
  return grams > 0 ? grams : null;
}

/** 1.25 kg */
export function weight(grams: number): string {
  const rest = String(grams % 1000)
    .padStart(3, '0')
    .replace(/0+$/, '');
  return `${Math.floor(grams / 1000)}${rest ? `.${rest}` : ''} kg`;
}

/** A waybill in fours, counted from the end so that the last four always stand together. */
export function waybillGroups(waybill: string): { head: string[]; tail: string } {
  const head = waybill.slice(0, -4);
  const groups: string[] = [];
  for (let end = head.length; end > 0; end -= 4) groups.unshift(head.slice(Math.max(0, end - 4), end));
  if (groups.length > 1 && groups[0]?.length === 1) groups.splice(0, 2, groups.slice(0, 2).join(''));
  return { head: groups, tail: waybill.slice(-4) };
}

export interface AddressParts {
  text: string;
  community?: string | null;
  building?: string | null;
  unit?: string | null;
  room?: string | null;
}

export interface AddressLines {
  /** Where to walk: the community, or the street and number. */
  place: string;
  /** Building · unit · room. */
  door: string;
  /** What stands before the place in the whole text: province, city, district, street. */
  around: string;
}

const region = /^(?:[^省\s]{2,8}省|[^区\s]{2,8}自治区)?(?:[^市\s]{2,8}市)?(?:[^区县\s]{1,6}[区县])?(?=.{4,}$)/;
/** The words that follow a building's, a unit's and a room's number. */
const counters = ['号楼|[幢栋座楼弄]', '单元|[梯门]', '[室号户]'] as const;
/** The words before them in English. */
const words = ['Building|Bldg|Block|Tower', 'Unit|Entrance', 'Room|Flat|Suite'] as const;

/** "5" becomes "5幢" or "Building 5" when the whole text says so: parts from a file are often bare numbers. */
function named(part: string, at: number, text: string): string {
  if (!/^[\dA-Za-z-]+$/.test(part)) return part;
  const chinese = `(?<![\\dA-Za-z])${part}(?:${counters[at]})`;
  const english = `(?:${words[at]}) ${part}(?![\\dA-Za-z])`;
  return new RegExp(`${chinese}|${english}`).exec(text)?.[0] ?? part;
}

/** An address in the order a courier needs it: the place, the door, and only then the region they work in all day. */
export function addressLines(address: AddressParts): AddressLines {
  const text = address.text.trim();
  const given = [address.building, address.unit, address.room];
  const parts = given.map((part, at) => (part ? named(part, at, text) : '')).filter(Boolean);
  const door = parts.join(' · ');
  const { community } = address;
  if (!community) {
    const around = region.exec(text)?.[0] ?? '';
    return { place: text.slice(around.length), door, around };
  }
  const at = text.indexOf(community);
  if (at < 0) return { place: community, door, around: text };
  const without = (piece: string, said: string[]): string => said.reduce((rest, part) => rest.replace(part, ''), piece);
  // A bare number is taken out behind the place only: before it, it may be part of the street's number.
  const before = without(
    text.slice(0, at),
    parts.filter((part) => !/^[\dA-Za-z-]+$/.test(part)),
  );
  const after = without(text.slice(at + community.length), parts);
  return { place: community, door, around: `${tidy(before)} ${tidy(after)}`.trim() };
}

/** Commas and dots that stand where something was taken out. */
function tidy(text: string): string {
  const edges = /^[\s,，.·-]+|[\s,，.·-]+$/g;
  return text.replace(/([,，]\s*)+/g, '$1').replace(edges, '');
}

/** 王** · J*** S****: at least one character of every name stays hidden. */
export function maskName(name: string): string {
  const words = name.trim().split(/\s+/);
  return words
    .map((word) => {
      const letters = [...word];
      return letters.length < 2 ? '*' : letters[0] + '*'.repeat(Math.min(letters.length - 1, 4));
    })
    .join(' ');
}

/** 138******78: six digits hidden, or all but the last two of a short number. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  if (digits.length < 9) return '*'.repeat(Math.max(0, digits.length - 2)) + digits.slice(-2);
  const kept = digits.length - 6;
  const tail = Math.min(2, kept);
  return digits.slice(0, kept - tail) + '*'.repeat(6) + digits.slice(digits.length - tail);
}
