/** What the desk can say of a handheld: what it counted, and everything that differs. Pure. */
import type { DeviceRow } from '../types';

/** A clock further off than this is told (P35), ms. */
const SKEWED = 5 * 60_000;
/** Silence of a handheld on shift after which what waits on it is told, ms. */
const SILENT = 20 * 60_000;

/** One thing that differs, and what there is to say of it. */
export type Difference =
  | { kind: 'lost'; n: number; conflict: string }
  | { kind: 'told'; recorded: number; confirmed: number; waiting: number }
  | { kind: 'releasable'; n: number }
  | { kind: 'refused'; n: number }
  | { kind: 'silent'; n: number; age: number }
  | { kind: 'skew_slow'; age: number }
  | { kind: 'skew_fast'; age: number };

/** Everything that differs, the gravest first. `now`: server's time, ms. */
export function differencesOf(row: DeviceRow, now: number): Difference[] {
  const { lost, lost_case: conflict, releasable, skew_ms: skew } = row;
  const found: Difference[] = [];
  if (lost > 0 && conflict !== null) found.push({ kind: 'lost', n: lost, conflict });
  const told = row.shift?.told ?? null;
  // What waited when the shift was closed has come since: only what cannot be explained by that differs.
  if (told !== null && (told.recorded !== row.recorded || told.confirmed + told.waiting > row.confirmed)) {
    found.push({ kind: 'told', ...told });
  }
  if (releasable > 0) found.push({ kind: 'releasable', n: releasable });
  if (row.refused > releasable) found.push({ kind: 'refused', n: row.refused - releasable });
  if (row.state !== 'working') return found;
  const age = row.last_heard === null ? 0 : now - row.last_heard;
  if (row.waiting && age > SILENT) found.push({ kind: 'silent', n: row.waiting, age });
  if (skew !== null && Math.abs(skew) > SKEWED) {
    found.push({ kind: skew > 0 ? 'skew_slow' : 'skew_fast', age: Math.abs(skew) });
  }
  return found;
}

/** Whether its app is of another build than this page: older, until it is started the next time with a network. */
export function otherBuild({ app, state }: DeviceRow, build: string): boolean {
  return state === 'working' && app !== null && app !== build;
}

/** The rows whose courier, name, or app holds the text. */
export function fitting(rows: readonly DeviceRow[], text: string): DeviceRow[] {
  const needle = text.trim().toLowerCase();
  if (needle === '') return [...rows];
  return rows.filter((row) => [row.user.name, row.label, row.app].some((said) => said?.toLowerCase().includes(needle)));
}

/** What the shift of its courier is to this handheld. */
export function shiftOf({ shift }: DeviceRow): { key: 'open' | 'closed' | 'elsewhere' | 'none'; at: number } {
  if (shift === null) return { key: 'none', at: 0 };
  if (shift.status === 'closed') return { key: 'closed', at: shift.closed_at ?? shift.started_at };
  return { key: shift.here ? 'open' : 'elsewhere', at: shift.started_at };
}
