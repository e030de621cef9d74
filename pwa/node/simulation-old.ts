/**
 * Storage as an older app would have left it: what was recorded in older versions, a list and a login of before the newest
 * fields. For operations that never left the handheld: whatever did has been seen as it was.
 */
import { bodyHash } from '../../sync/ts/canonical';
import { DATABASE } from './simulation-device';
import { change, value, values } from './simulation-storage';

interface Envelope {
  op_id: string;
  type: string;
  v: number;
  incarnation: string;
  seq: number;
  prev: string | null;
  app: string;
  payload: Record<string, unknown>;
  [field: string]: unknown;
}

type Row = { op_id: string; incarnation: string; seq: number; envelope: Envelope };
type Local = { incarnation: string; seq: number; prev: string | null };

/** What a version did not know yet, by type: how its payload was then. */
const BEFORE: Record<string, (payload: Record<string, unknown>) => Record<string, unknown>> = {
  'customer.request_set': ({ request, kind, text, active }) => ({ request, kind, text, active }),
  'task.delivered': ({ consent, ...rest }) => ({
    ...rest,
    consent: consent === null ? null : String((consent as { note?: unknown }).note ?? consent),
  }),
};

/** Turns the storage of a closed app back into an older one's; `ops` never left it. Answers what is of an older version now. */
export function age(factory: IDBFactory, ops: string[]): string[] {
  const kept = new Set(ops);
  const local = value<Local>(factory, DATABASE, 'meta', 'local');
  const chain = values<Row>(factory, DATABASE, 'journal')
    .filter((row) => row.incarnation === local?.incarnation)
    .sort((a, b) => a.seq - b.seq);
  const aged: string[] = [];
  let before: Envelope | null = null;
  for (const row of chain) {
    if (kept.has(row.op_id)) {
      const prev: string | null = before === null ? row.envelope.prev : bodyHash(before as never);
      const envelope = written({ ...row.envelope, prev });
      if (envelope.v !== row.envelope.v) aged.push(row.op_id);
      row.envelope = envelope;
      change<Row>(factory, DATABASE, 'journal', row.op_id, (old) => ({ ...old, envelope }));
      change<Row>(factory, DATABASE, 'outbox', row.op_id, (old) => ({ ...old, envelope }));
    }
    before = row.envelope;
  }
  const last = before && bodyHash(before as never);
  change<Local>(factory, DATABASE, 'meta', 'local', (old) => ({ ...old, prev: last ?? old.prev }));
  change<Record<string, unknown>>(factory, DATABASE, 'meta', 'identity', ({ session: _, ...identity }) => identity);
  for (const { entity } of values<{ entity: string }>(factory, DATABASE, 'rows')) {
    change<Record<string, unknown>>(factory, DATABASE, 'rows', entity, ({ fresh: _, ...row }) => row);
  }
  return aged;
}

function written(envelope: Envelope): Envelope {
  const before = BEFORE[envelope.type];
  const old = { ...envelope, app: 'simulation/0' };
  return before && envelope.v > 1 ? { ...old, v: 1, payload: before(envelope.payload) } : old;
}
