/** What the screens see: the server's rows with our own operations laid over them, read in one go and never stored (P9). */
import { idOf } from '../../sync/ts/values';
import { upcast } from '../../sync/ts/upcast';
import { isOpen, itemState, overlay, type OverlaidRow, type Row, type TaskRowBody } from '../../sync/ts/pending';
import type { BlobRow, MirrorRow, OutboxRow, ResultRow, StoreName } from '../store';
import type { Context } from './context';
import { lifted } from './requests';
import type { Envelope, ItemState, NoticeView, OutboxItem, ParcelRecord, TaskRow, TaskView } from './types';

/** Everything a view rests on, as it stood at one moment. */
export interface Snapshot {
  rows: Map<string, MirrorRow>;
  entries: OutboxRow[];
  /** What somebody else recorded who worked with this handheld before: sent, and shown to nobody (P11). */
  others: OutboxRow[];
  results: Record<string, ResultRow>;
  cursors: Record<string, number>;
  waitingBlobs: BlobRow[];
  seen: Set<string>;
}

const STORES: StoreName[] = ['rows', 'outbox', 'results', 'cursors', 'blobs', 'seen'];

/** Reads everything, or only the rows named; one read transaction, so that no view mixes two moments. */
export async function snapshot(ctx: Context, only?: string[]): Promise<Snapshot> {
  const tx = ctx.db.transaction(STORES, 'readonly');
  const rowStore = tx.objectStore('rows');
  const wanted = only ? Promise.all(only.map((entity) => rowStore.get(entity))) : rowStore.getAll();
  const [rows, all, cursors, waitingBlobs, seen] = await Promise.all([
    wanted,
    tx.objectStore('outbox').index('seq').getAll(),
    tx.objectStore('cursors').getAll(),
    tx.objectStore('blobs').index('state').getAll('waiting'),
    tx.objectStore('seen').getAllKeys(),
  ]);
  const results = await Promise.all(all.map((entry) => tx.objectStore('results').get(entry.op_id)));
  const me = ctx.identity?.session === null ? null : ctx.identity?.user.id;
  const isMine = (entry: OutboxRow): boolean => entry.envelope.author === me;
  const known = rows.filter((row) => row !== undefined);
  return {
    rows: new Map(known.map((row) => [row.entity, row])),
    entries: all.filter(isMine),
    others: all.filter((entry) => !isMine(entry)),
    results: Object.fromEntries(results.filter((row) => row !== undefined).map((row) => [row.op_id, row])),
    cursors: Object.fromEntries(cursors.map(({ scope, ver }) => [scope, ver])),
    waitingBlobs,
    seen: new Set(seen),
  };
}

/** Every task of the snapshot, those taken away included. */
export function taskViews(snap: Snapshot): TaskView[] {
  const rows: Record<string, Row> = {};
  for (const [entity, row] of snap.rows) {
    if (entity.startsWith('task:')) rows[entity] = { ...row, body: lifted(row.body as TaskRowBody | null) };
  }
  // The outbox keeps operations as they were recorded, whatever version of the app that was (P8).
  const envelopes = snap.entries.map((entry) => current(entry.envelope));
  const laid = overlay(rows, envelopes, snap.results, snap.cursors);
  return Object.entries(laid).flatMap(([entity, row]) => taskView(snap, entity, row) ?? []);
}

function current(envelope: Envelope): Envelope {
  return upcast(envelope as unknown as Record<string, unknown>) as unknown as Envelope;
}

/** By sequence, then by the end of the window; what has neither comes last. */
export function inRouteOrder(a: TaskView, b: TaskView): number {
  const key = (view: TaskView): [number, number, string] => [
    view.task.sequence ?? Number.MAX_SAFE_INTEGER,
    view.task.window_end ?? Number.MAX_SAFE_INTEGER,
    view.task.id,
  ];
  const [x, y] = [key(a), key(b)];
  return x[0] - y[0] || x[1] - y[1] || (x[2] < y[2] ? -1 : 1);
}

export function outboxItems(snap: Snapshot): OutboxItem[] {
  return snap.entries.map((entry) => {
    const { envelope } = entry;
    const result = snap.results[entry.op_id];
    const waybill = waybillOf(snap, envelope);
    return {
      seq: entry.seq,
      op_id: entry.op_id,
      type: envelope.type,
      entity: envelope.entity,
      at: envelope.at,
      state: itemState(result),
      seen: snap.seen.has(entry.op_id),
      proofsWaiting: snap.waitingBlobs.filter((blob) => envelope.blobs.includes(blob.sha)).length,
      ...(result ? { status: result.status } : {}),
      ...(result?.code ? { code: result.code } : {}),
      ...(result?.detail ? { detail: result.detail } : {}),
      ...(result?.conflict ? { conflict: result.conflict } : {}),
      ...(waybill ? { waybill } : {}),
    };
  });
}

/** What the server told this courier about his operations, the newest first. */
export function noticeViews(snap: Snapshot): NoticeView[] {
  return [...snap.rows.values()]
    .filter((row) => row.entity.startsWith('notice:') && row.present && row.body !== null)
    .map((row) => ({ ...(row.body as Omit<NoticeView, 'seen'>), seen: snap.seen.has(idOf(row.entity)) }))
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
}

/** How many things a person has not looked at: an operation and the notices about it count once. */
export function needsYou(snap: Snapshot): number {
  const items = outboxItems(snap).filter((item) => item.state === 'needs_you' && !item.seen);
  const notices = noticeViews(snap).filter((notice) => notice.kind !== 'settled' && !notice.seen);
  return new Set([...items.map((item) => item.op_id), ...notices.map((notice) => notice.op_id)]).size;
}

/**
 * What may leave: operations whose effect has been pulled (or never will be) and that no person has still to look at, and
 * tombstones behind which nothing waits and of which the courier has been told; so, too, what only a colleague has shown.
 */
export function settled(snap: Snapshot): { operations: string[]; tombstones: string[] } {
  const over = [
    ...snap.entries.filter((entry) => isSettled(snap, entry)),
    ...snap.others.filter((entry) => isHanded(snap, entry)),
  ];
  const gone = new Set(over.map((entry) => entry.op_id));
  const left = snap.entries.filter((entry) => !gone.has(entry.op_id));
  const held = new Set([...left.map((entry) => taskOf(entry.envelope)), ...snap.waitingBlobs.map(taskOfBlob)]);
  const tombstones = [...snap.rows.values()].filter(
    (row) =>
      row.entity.startsWith('task:') &&
      (!row.present || row.rev === 0) &&
      !row.changes?.length &&
      !held.has(idOf(row.entity)),
  );
  return { operations: [...gone], tombstones: tombstones.map((row) => row.entity) };
}

function isSettled(snap: Snapshot, entry: OutboxRow): boolean {
  const result = snap.results[entry.op_id];
  if (result === undefined || isOpen(entry.envelope, result, snap.cursors)) return false;
  return itemState(result) !== 'needs_you' || snap.seen.has(entry.op_id);
}

/** Somebody else's: his rows are not here to cover it, so that it is over once it is answered, unless he has to look at it. */
function isHanded(snap: Snapshot, entry: OutboxRow): boolean {
  const result = snap.results[entry.op_id];
  return result !== undefined && (itemState(result) !== 'needs_you' || snap.seen.has(entry.op_id));
}

function taskView(snap: Snapshot, entity: string, row: OverlaidRow): TaskView | null {
  const id = idOf(entity);
  const mine = snap.entries.filter((entry) => taskOf(entry.envelope) === id);
  // What a colleague showed counts while our own word that we took it does.
  if (row.body === null || (row.rev === 0 && !row.unlisted && !row.body.task.handover)) return null;
  const unsent = mine.filter((entry) => snap.results[entry.op_id] === undefined).length;
  const proofs = snap.waitingBlobs.filter((blob) => taskOfBlob(blob) === id).length;
  const gone = row.present ? handedOn(row) : (row.reason ?? 'removed');
  return {
    ...whole(row.body, mine),
    rev: row.rev,
    state: stateOf(snap, mine, unsent),
    fresh: snap.rows.get(entity)?.fresh ?? [],
    ...(row.unlisted ? { unlisted: true as const } : {}),
    ...(gone === null ? {} : { removed: { reason: gone, waiting: unsent + proofs } }),
  };
}

/** Given to a colleague on the road: off this list at once, though the server has not heard of it (P28). */
function handedOn(row: OverlaidRow): string | null {
  const { handover, courier } = row.body?.task ?? {};
  const mine = handover?.given !== undefined && handover.given !== null && row.pending.includes(handover.given.op_id);
  return mine && courier === handover.taker ? 'handed_over' : null;
}

function stateOf(snap: Snapshot, mine: OutboxRow[], unsent: number): ItemState {
  const open = mine.some(
    (entry) => itemState(snap.results[entry.op_id]) === 'needs_you' && !snap.seen.has(entry.op_id),
  );
  if (open) return 'needs_you';
  return unsent > 0 ? 'saved' : 'confirmed';
}

/** A task nobody has listed for us has no parcel and no customer: screens get empty ones. */
function whole(body: TaskRowBody, mine: OutboxRow[]): TaskRow {
  return {
    ...body,
    parcel: body.parcel ?? emptyParcel(body.task.parcel, mine),
    customer: body.customer ?? {
      id: body.task.customer,
      name: '',
      phone: '',
      language: null,
      requests: [],
      consents: [],
    },
  };
}

function emptyParcel(id: string, mine: OutboxRow[]): ParcelRecord {
  const waybill = mine.map((entry) => entry.envelope.payload['waybill']).find((value) => typeof value === 'string');
  return { id, waybill: (waybill as string) ?? '', pieces: 1, weight_g: null, goods: null, scans: 0, last_scan: null };
}

export function taskOf(envelope: Envelope): string | null {
  const kind = envelope.entity.slice(0, envelope.entity.indexOf(':'));
  if (kind === 'task' || kind === 'obligation') return idOf(envelope.entity);
  return typeof envelope.payload['task'] === 'string' ? envelope.payload['task'] : null;
}

function taskOfBlob(blob: BlobRow): string {
  return idOf(blob.entity);
}

export function waybillOf(snap: Pick<Snapshot, 'rows'>, envelope: Envelope): string | null {
  const task = taskOf(envelope);
  const body = task === null ? null : (snap.rows.get(`task:${task}`)?.body as TaskRowBody | null | undefined);
  const said = envelope.payload['waybill'];
  return body?.parcel?.waybill ?? (typeof said === 'string' ? said : null);
}
