/**
 * What dispatcher or customer changed on a list the courier already has: kept beside the row, as what was and what is, until he
 * says that he has seen it. What he did himself is no news, and requests that came new are marked on their own (`fresh`).
 */
import { idOf } from '../../sync/ts/values';
import type { TaskRowBody } from '../../sync/ts/pending';
import { strict, type MirrorRow } from '../store';
import type { Context } from './context';
import type { Change, Json, NewsView, TaskRow } from './types';
import type { Snapshot } from './views';

const OVER = new Set(['delivered', 'picked_up', 'attempt_failed', 'held', 'returned']);

type Told = Omit<Change, 'at'>;

export interface Reader {
  me: string | null;
  now: number;
  /** The scope is walked from nothing: what was not here before is no news. */
  anew: boolean;
}

/** The changes a pulled row brings, with those nobody has looked at yet; of two to one thing the first `was` stays. */
export function changes(row: MirrorRow, before: MirrorRow | undefined, reader: Reader): Change[] {
  if (!row.entity.startsWith('task:')) return [];
  const [is, was] = [bodyOf(row), bodyOf(before)];
  if (!row.present) return gone(row, before, was, reader.now);
  if (!is?.task) return [];
  if (!before?.present || !was?.task) {
    const tookIt = is.task.handover?.taken?.author === reader.me;
    const isNews = !reader.anew && !OVER.has(is.task.status) && !tookIt;
    return isNews ? [{ what: 'added', id: '', was: null, is: null, at: reader.now }] : [];
  }
  return merged(before.changes ?? [], told(is, was, reader.me), reader.now);
}

/** A task that was still to be done is somebody else's now, or nobody's. */
function gone(row: MirrorRow, before: MirrorRow | undefined, was: TaskRowBody | null, at: number): Change[] {
  if (!before?.present) return before?.changes ?? [];
  // Given to a colleague on the road: he did that himself.
  if (row.reason === 'handed_over') return [];
  if (!was?.task || OVER.has(was.task.status) || was.task.status === 'cancelled') return [];
  return [{ what: 'removed', id: '', was: null, is: row.reason, at }];
}

function told(is: TaskRowBody, was: TaskRowBody, me: string | null): Told[] {
  if (OVER.has(is.task.status) && OVER.has(was.task.status)) return [];
  const found: Told[] = [];
  const compare = (what: Change['what'], before: Json, after: Json): void => {
    if (JSON.stringify(before) !== JSON.stringify(after)) found.push({ what, id: '', was: before, is: after });
  };
  const [one, other] = [was.task, is.task];
  compare('window', [one.window_start, one.window_end], [other.window_start, other.window_end]);
  compare('address', one.address.text, other.address.text);
  compare('sequence', one.sequence, other.sequence);
  compare('phone', was.customer?.phone ?? '', is.customer?.phone ?? '');
  compare('pieces', was.parcel?.pieces ?? 1, is.parcel?.pieces ?? 1);
  compare('amount', due(was), due(is, was));
  compare('cancelled', null, one.cancelled === null && other.cancelled !== null ? other.cancelled.reason : null);
  compare('revived', null, again(is.task, was.task) ? is.task.attempts : null);
  return [...found, ...requests(is, was), ...notes(is, was, me)];
}

/** It was over, or waited for customer service, and is to be done after all. */
function again(is: TaskRow['task'], was: TaskRow['task']): boolean {
  if (OVER.has(is.status) || is.status === 'cancelled') return false;
  // Planned anew by somebody: what the courier took back himself touches no field of the plan.
  const planned = JSON.stringify(is.touched) !== JSON.stringify(was.touched);
  return planned && (OVER.has(was.status) || (was.problem !== undefined && is.problem === undefined));
}

/** Minor units still due; money that was taken is no change of the order. */
function due(row: TaskRowBody, before?: TaskRowBody): number {
  const known = row.obligation;
  if (before?.obligation?.status === 'due' && known?.status === 'settled' && known.collected) {
    return before.obligation.amount_minor;
  }
  return known?.status === 'due' ? known.amount_minor : 0;
}

/** Requests that read otherwise than before, or are withdrawn. */
function requests(is: TaskRowBody, was: TaskRowBody): Told[] {
  const now = new Map((is.customer?.requests ?? []).map((request) => [request.id, request]));
  return (was.customer?.requests ?? [])
    .filter((request) => request.state === 'accepted')
    .flatMap((request) => {
      const [before, after] = [said(request), said(now.get(request.id))];
      const same = JSON.stringify(before) === JSON.stringify(after);
      return same ? [] : [{ what: 'request' as const, id: request.id, was: before, is: after }];
    });
}

function said(request: TaskRow['customer']['requests'][number] | undefined): Json {
  return request ? { kind: request.kind, text: request.text } : null;
}

/** What somebody else wrote on the task: a message to whoever goes there. */
function notes(is: TaskRowBody, was: TaskRowBody, me: string | null): Told[] {
  const known = new Set(was.task.notes.map((note) => note.op_id));
  return is.task.notes
    .filter((note) => note.author !== me && !known.has(note.op_id))
    .map((note) => ({ what: 'note' as const, id: note.op_id, was: null, is: note.text }));
}

/** What was changed and changed back is no news any more. */
function merged(known: readonly Change[], fresh: readonly Told[], at: number): Change[] {
  const keyOf = ({ what, id }: Told): string => `${what}/${id}`;
  const all = new Map(known.map((change) => [keyOf(change), change]));
  for (const one of fresh) {
    const before = all.get(keyOf(one));
    all.set(keyOf(one), { ...one, was: before ? before.was : one.was, at });
  }
  const lasting = new Set(['added', 'removed', 'cancelled', 'revived', 'note']);
  return [...all.values()].filter(
    ({ what, was, is }) => lasting.has(what) || JSON.stringify(was) !== JSON.stringify(is),
  );
}

/** What the courier has not said yes to, the newest first. */
export function newsViews(snap: Pick<Snapshot, 'rows'>): NewsView[] {
  return [...snap.rows.values()]
    .filter((row) => row.changes?.length)
    .map((row) => {
      const body = bodyOf(row);
      return {
        task: idOf(row.entity),
        waybill: body?.parcel?.waybill ?? '',
        present: row.present,
        changes: row.changes ?? [],
        at: Math.max(...(row.changes ?? []).map((change) => change.at)),
      };
    })
    .sort((a, b) => b.at - a.at || (a.task < b.task ? -1 : 1));
}

/** Seen is acknowledged; what changes from here on is news again. Whoever calls settles, and tells the screens. */
export async function acknowledge(ctx: Context, tasks: readonly string[]): Promise<void> {
  await strict(ctx.db, ['rows'], async (tx) => {
    const rows = await Promise.all(tasks.map((task) => tx.objectStore('rows').get(`task:${task}`)));
    await Promise.all(
      rows
        .filter((row) => row?.changes !== undefined)
        .map((row) => {
          const { changes: _changes, ...rest } = row as MirrorRow;
          return tx.objectStore('rows').put(rest);
        }),
    );
  });
}

function bodyOf(row: MirrorRow | undefined): TaskRowBody | null {
  return (row?.body as TaskRowBody | null | undefined) ?? null;
}
