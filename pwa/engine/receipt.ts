/**
 * The proof that nothing is lost, shift by shift (P32): what was recorded here, and what of it the server has said it has, operation
 * by operation. Counted from the journal, so that neither a new incarnation nor an empty outbox makes it look better than it is.
 */
import type { BlobRow, JournalRow, MirrorRow, ResultRow, StoreName } from '../store';
import type { Context } from './context';
import { isAfter, shiftBounds } from './shift';
import type { Difference, Receipt } from './types';
import { taskOf, waybillOf } from './views';

const STORES: StoreName[] = ['journal', 'outbox', 'results', 'blobs', 'rows', 'meta'];
/** An op_id begins with its time in ms: what was recorded in the same moment begins with the same letters. */
const MOMENT = 13;

/** Everything of one moment that the proof rests on; only what this courier recorded. */
interface Evidence {
  since: number | null;
  shift: JournalRow[];
  /** Whatever differs can only be among these; those of the shift included. */
  looked: JournalRow[];
  results: Map<string, ResultRow>;
  /** Proofs that the server does not have, by operation. */
  waiting: Map<string, BlobRow[]>;
  lost: Map<string, BlobRow[]>;
  rows: Map<string, MirrorRow>;
}

export async function receipt(ctx: Context): Promise<Receipt> {
  const seen = await evidence(ctx);
  const isParked = (row: JournalRow): boolean => seen.results.get(row.op_id)?.parked === true;
  const waiting = seen.shift.filter((row) => row.acked_at === null).length;
  const parked = seen.shift.filter((row) => row.acked_at !== null && isParked(row)).length;
  return {
    since: seen.since,
    recorded: seen.shift.length,
    confirmed: seen.shift.length - waiting - parked,
    waiting,
    parked,
    differences: differences(seen),
  };
}

async function evidence(ctx: Context): Promise<Evidence> {
  const me = ctx.identity?.user.id;
  const tx = ctx.db.transaction(STORES, 'readonly');
  const [journal, blobs] = [tx.objectStore('journal'), tx.objectStore('blobs').index('state')];
  const mine = (rows: (JournalRow | undefined)[]): JournalRow[] =>
    rows.filter((row) => row !== undefined).filter((row) => row.envelope.author === me);
  const [started, closed, outbox, offer, waiting, refused] = await Promise.all([
    journal.index('type').getAll('shift.started'),
    journal.index('type').getAll('shift.closed'),
    tx.objectStore('outbox').getAllKeys(),
    tx.objectStore('meta').get('offer'),
    blobs.getAll('waiting'),
    blobs.getAll('refused'),
  ]);
  const { begin, end } = shiftBounds(mine(started), mine(closed));
  const proofs = [...waiting, ...refused].map((blob) => blob.op_id);
  const [chain, later, open] = await Promise.all([
    begin
      ? journal.index('place').getAll(IDBKeyRange.bound([begin.incarnation, begin.seq], [begin.incarnation, Infinity]))
      : [],
    begin ? journal.getAll(IDBKeyRange.lowerBound(begin.op_id.slice(0, MOMENT))) : [],
    // What a server has forgotten is not in the outbox until its rows have come (P31).
    offer ? journal.getAll() : Promise.all([...outbox, ...proofs].map((id) => journal.get(id))),
  ]);
  const shift = mine(unique([...chain, ...later])).filter(
    (row) => begin && (row.op_id === begin.op_id || isAfter(row, begin)) && !(end && isAfter(row, end)),
  );
  const looked = mine(unique([...shift, ...open]));
  const [results, rows] = await Promise.all([
    Promise.all(looked.map((row) => tx.objectStore('results').get(row.op_id))),
    Promise.all(tasksOf(looked).map((entity) => tx.objectStore('rows').get(entity))),
  ]);
  return {
    since: begin?.envelope.at ?? null,
    shift,
    looked,
    results: new Map(results.filter((one) => one !== undefined).map((one) => [one.op_id, one])),
    waiting: byOperation(waiting),
    lost: byOperation(refused),
    rows: new Map(rows.filter((row) => row !== undefined).map((row) => [row.entity, row])),
  };
}

/** Every operation on which both sides are not at one, the oldest first. */
function differences(seen: Evidence): Difference[] {
  const ofShift = new Set(seen.shift.map((row) => row.op_id));
  return seen.looked
    .sort((a, b) => a.envelope.at - b.envelope.at || a.seq - b.seq)
    .flatMap((row) => {
      const kinds = kindsOf(seen, row, ofShift.has(row.op_id));
      return kinds.map(([kind, proofs]): Difference => ({
        kind,
        op_id: row.op_id,
        seq: row.seq,
        type: row.envelope.type,
        waybill: waybillOf(seen, row.envelope),
        at: row.envelope.at,
        proofs,
        earlier: !ofShift.has(row.op_id),
      }));
    });
}

/** An operation and each of its proofs is named once: proofs of what waits wait with it. */
function kindsOf(seen: Evidence, row: JournalRow, ofShift: boolean): [Difference['kind'], number][] {
  const result = seen.results.get(row.op_id);
  const [waiting, lost] = [seen.waiting, seen.lost].map((blobs) => blobs.get(row.op_id)?.length ?? 0) as [
    number,
    number,
  ];
  const unread = result?.parked === true;
  const kinds: [Difference['kind'], number][] = [];
  if (unread && (ofShift || row.acked_at === null)) kinds.push(['parked', waiting]);
  else if (row.acked_at === null) kinds.push(['waiting', waiting]);
  else if (waiting > 0) kinds.push(['proofs', waiting]);
  if (lost > 0) kinds.push(['proofs_lost', lost]);
  if (!unread && row.acked_at !== null && ofShift && result?.status === 'quarantined') kinds.push(['apart', 0]);
  return kinds;
}

function unique(rows: (JournalRow | undefined)[]): JournalRow[] {
  return [...new Map(rows.filter((row) => row !== undefined).map((row) => [row.op_id, row])).values()];
}

function tasksOf(rows: JournalRow[]): string[] {
  return [...new Set(rows.map((row) => taskOf(row.envelope)).filter((task) => task !== null))].map(
    (id) => `task:${id}`,
  );
}

function byOperation(blobs: BlobRow[]): Map<string, BlobRow[]> {
  const found = new Map<string, BlobRow[]>();
  for (const blob of blobs) found.set(blob.op_id, [...(found.get(blob.op_id) ?? []), blob]);
  return found;
}
