/** Days and times of a station's zone as moments. Pure. */

const DAY = 24 * 60 * 60_000;

/** `2026-11-22` and a number of days: the name of that later day. */
export function nextDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** How far a zone's clock is ahead of UTC at a moment, ms. */
function ahead(at: number, zone: string): number {
  const options = { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  const parts = new Intl.DateTimeFormat('en-CA', { ...options, ...clock }).formatToParts(at);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '00';
  const shown = `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`;
  return Date.parse(shown) - Math.floor(at / 1000) * 1000;
}

/** `2026-11-22`, `09:30` on the zone's clocks -> ms since epoch. Asked twice, so that a change of clocks is met. */
export function momentAt(day: string, time: string, zone: string): number {
  const plain = Date.parse(`${day}T${time}:00Z`);
  const first = plain - ahead(plain, zone);
  return plain - ahead(first, zone);
}
