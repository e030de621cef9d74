/** The courier's own shift as this handheld recorded it: from the journal, since the server keeps no row of it for us. Pure. */
import { idOf } from '../../sync/ts/values';
import type { JournalRow } from '../store';
import type { ShiftView } from './types';

const NONE: ShiftView = { id: null, entity: null, status: 'none', started_at: null, closed_at: null, cash_minor: 0 };

/** The types of operation that say how a shift stands. */
export const SHIFT_LOG: readonly string[] = [
  'shift.started',
  'shift.closed',
  'payment.collected',
  'operation.corrected',
];

/** `log`: this courier's operations of those types. */
export function shiftOf(log: readonly JournalRow[]): ShiftView {
  const [started, closed, payments, corrections] = SHIFT_LOG.map((type) =>
    log.filter((row) => row.envelope.type === type),
  );
  const { begin, end } = shiftBounds(started ?? [], closed ?? []);
  if (!begin) return NONE;
  const takenBack = new Set((corrections ?? []).map((row) => row.envelope.payload['corrects']));
  const cash = (payments ?? []).filter(
    (row) => row.envelope.payload['method'] === 'cash' && !takenBack.has(row.op_id) && isAfter(row, begin),
  );
  return {
    id: idOf(begin.envelope.entity),
    entity: begin.envelope.entity,
    status: end ? 'closed' : 'open',
    started_at: begin.envelope.at,
    closed_at: end?.envelope.at ?? null,
    cash_minor: cash.reduce((sum, row) => sum + (row.envelope.payload['amount_minor'] as number), 0),
  };
}

/** The operations that open and close the newest shift. */
export function shiftBounds(
  started: JournalRow[],
  closed: JournalRow[],
): { begin: JournalRow | null; end: JournalRow | null } {
  const begin = latest(started);
  return { begin, end: closed.find((row) => row.envelope.entity === begin?.envelope.entity) ?? null };
}

function latest(rows: JournalRow[]): JournalRow | null {
  return rows.reduce<JournalRow | null>((last, row) => (last === null || isAfter(row, last) ? row : last), null);
}

/** The chain orders operations; only across two incarnations is the wall clock all there is. */
export function isAfter(row: JournalRow, other: JournalRow): boolean {
  if (row.incarnation === other.incarnation) return row.seq > other.seq;
  return row.envelope.at >= other.envelope.at;
}
