/** Enrolment code, its countdown and the list of handhelds. Pure. */
import type { DeviceRow, EnrolmentCode } from '../types';

/** Whole seconds a code is still good, 0 = over. `now` is the server's time, ms. */
export function secondsLeft(code: Pick<EnrolmentCode, 'expires_at'>, now: number): number {
  return Math.max(0, Math.ceil((code.expires_at - now) / 1000));
}

/** `90` -> `1:30` */
export function countdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The code as it is read aloud: in fours. Codes that come with hyphens keep their own grouping. */
export function spoken(code: string): string[] {
  return code.includes('-') ? [code] : (code.match(/.{1,4}/g) ?? []);
}

/**
 * The QR picture as an image source. An SVG inside <img> runs no script and loads nothing, whatever stands in it, so
 * the server's markup never becomes part of this page.
 */
export function qrSource(svg: string): string {
  // Markup made for inlining leaves the namespace out; as a file of its own it needs one.
  const whole = svg.includes('xmlns=') ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"');
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(whole)}`;
}

/** Working devices first, last heard on top; revoked ones below. */
export function devicesInOrder(rows: readonly DeviceRow[]): DeviceRow[] {
  const gone = (row: DeviceRow) => Number(row.state !== 'working');
  return [...rows].sort(
    (a, b) => gone(a) - gone(b) || (b.last_heard ?? b.enrolled_at) - (a.last_heard ?? a.enrolled_at),
  );
}

/** How far a revoked handheld is with handing in what it has; `n` operations it says it still holds, null when it never said. */
export function draining({ state, waiting }: DeviceRow): {
  key: 'draining' | 'drainingSome' | 'drained' | 'wiped';
  n: number;
} {
  if (state === 'wiped' || state === 'drained') return { key: state, n: 0 };
  return waiting ? { key: 'drainingSome', n: waiting } : { key: 'draining', n: 0 };
}

/** A handheld has used this code: it was enrolled, or its courier logged in on it, after the code was made. */
export function arrivedDevice(rows: readonly DeviceRow[], courier: string, made: number): DeviceRow | null {
  return (
    rows.find((row) => row.user.id === courier && (row.login_since ?? 0) >= made && row.state === 'working') ?? null
  );
}
