/** What the screens see: the server's rows with our own operations laid over them, computed and never stored (P9). Pure. */
import { idOf } from '../../sync/ts/values';
import { upcast } from '../../sync/ts/upcast';
import { isOpen, itemState, overlay, type OverlaidRow, type Row, type TaskRowBody } from '../../sync/ts/pending';
import type { BlobRow, JournalRow, MirrorRow, OutboxRow, ResultRow } from '../store';
import { lifted } from './requests';
import type { Envelope, ItemState, NoticeView, OutboxItem, ParcelRecord, TaskRow, TaskView } from './types';

/** Everything a view rests on, as it stood at one moment. */
export interface Snapshot {
  /** Whose handheld it is; null before it is enrolled. */
  user: string | null;
  /** Who is logged in: what somebody else recorded is shown to nobody. */
  me: string | null;
  rows: ReadonlyMap<string, MirrorRow>;
  entries: OutboxRow[];
  /** What somebody else recorded who worked with this handheld before: sent, and shown to nobody (P11). */
  others: OutboxRow[];
  results: Record<string, ResultRow>;
  cursors: Record<string, number>;
  waitingBlobs: BlobRow[];
  seen: Set<string>;
  /** Operations of this courier that say how his shift stands, settled or not. */
  shiftLog: JournalRow[];
}

export function isMine({ me }: Pick<Snapshot, 'me'>): (entry: OutboxRow) => boolean {
  return (entry) => entry.envelope.author === me;
}

/** Every task of the snapshot, or those named, by entity, those taken away included. */
export function taskViews(snap: Snapshot, only?: ReadonlySet<string>): Map<string, TaskView> {
  const rows: Record<string, Row> = {};
  for (const entity of only ?? snap.rows.keys()) {
    const row = snap.rows.get(entity);
    if (row && entity.startsWith('task:')) rows[entity] = { ...row, body: lifted(row.body as TaskRowBody | null) };
  }
  const entries = only ? about(snap, only) : snap.entries;
  // The outbox keeps operations as they were recorded, whatever version of the app that was (P8).
  const envelopes = entries.map((entry) => current(entry.envelope));
  const laid = overlay(rows, envelopes, snap.results, snap.cursors);
  const mine = byTask(entries, (entry) => taskOf(entry.envelope));
  const proofs = byTask(snap.waitingBlobs, taskOfBlob);
  const views = new Map<string, TaskView>();
  for (const [entity, row] of Object.entries(laid)) {
    const id = idOf(entity);
    const view = only && !only.has(entity) ? null : taskView(snap, entity, row, mine.get(id) ?? [], proofs.get(id));
    if (view) views.set(entity, view);
  }
  return views;
}

/** The tasks whose view an operation changes: what it is about, whose parcel or customer that is, and what it takes back. */
export function touched(snap: Snapshot, envelope: Envelope): string[] {
  const names = own(snap, envelope);
  const corrected = envelope.type === 'operation.corrected' ? envelope.payload['corrects'] : undefined;
  const slip = corrected && snap.entries.find((entry) => entry.op_id === corrected);
  return slip ? [...names, ...own(snap, slip.envelope)] : names;
}

function own(snap: Snapshot, envelope: Envelope): string[] {
  const { entity } = envelope;
  const [task, id] = [taskOf(envelope), idOf(entity)];
  const homes = /^(parcel|customer):/.test(entity) ? (homesIn(snap.rows).get(entity) ?? []) : [`task:${id}`];
  return task === null ? homes : [...homes, `task:${task}`];
}

/** Operations that change the view of one of these tasks, in their order. */
function about(snap: Snapshot, names: ReadonlySet<string>): OutboxRow[] {
  return snap.entries.filter(({ envelope }) => touched(snap, envelope).some((name) => names.has(name)));
}

/** By the server's rows, which stay the same objects until they are read anew. */
const homes = new WeakMap<Snapshot['rows'], Map<string, string[]>>();

/** The rows that hold each parcel and each customer. */
function homesIn(rows: Snapshot['rows']): Map<string, string[]> {
  const known = homes.get(rows);
  if (known) return known;
  const found = new Map<string, string[]>();
  for (const [name, row] of rows) {
    const body = row.body as Partial<TaskRowBody> | null;
    for (const kind of ['parcel', 'customer'] as const) {
      const held = name.startsWith('task:') ? body?.[kind] : null;
      if (held) found.set(`${kind}:${held.id}`, [...(found.get(`${kind}:${held.id}`) ?? []), name]);
    }
  }
  homes.set(rows, found);
  return found;
}

function byTask<T>(list: readonly T[], task: (item: T) => string | null): Map<string | null, T[]> {
  const found = new Map<string | null, T[]>();
  for (const item of list) {
    const id = task(item);
    const known = found.get(id);
    if (known) known.push(item);
    else found.set(id, [item]);
  }
  return found;
}

function current(envelope: Envelope): Envelope {
  return upcast(envelope as unknown as Record<string, unknown>) as unknown as Envelope;
}

/** By sequence, then by the end of the window; what has neither comes last. */
export function inRouteOrder({ task: a }: TaskView, { task: b }: TaskView): number {
  const last = Number.MAX_SAFE_INTEGER;
  return (
    (a.sequence ?? last) - (b.sequence ?? last) ||
    (a.window_end ?? last) - (b.window_end ?? last) ||
    (a.id < b.id ? -1 : 1)
  );
}

export function outboxItems(snap: Snapshot): OutboxItem[] {
  return snap.entries.map((entry) => itemView(snap, entry));
}

export function itemView(snap: Snapshot, entry: OutboxRow): OutboxItem {
  const { envelope } = entry;
  const result = snap.results[entry.op_id];
  const waybill = waybillOf(snap, envelope);
  const named = envelope.blobs.length ? snap.waitingBlobs.filter((blob) => envelope.blobs.includes(blob.sha)) : [];
  return {
    seq: entry.seq,
    op_id: entry.op_id,
    type: envelope.type,
    entity: envelope.entity,
    at: envelope.at,
    state: itemState(result),
    seen: snap.seen.has(entry.op_id),
    proofsWaiting: named.length,
    ...(result ? { status: result.status } : {}),
    ...(result?.code ? { code: result.code } : {}),
    ...(result?.detail ? { detail: result.detail } : {}),
    ...(result?.conflict ? { conflict: result.conflict } : {}),
    ...(waybill ? { waybill } : {}),
  };
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

function taskView(
  snap: Snapshot,
  entity: string,
  row: OverlaidRow,
  mine: OutboxRow[],
  blobs: readonly BlobRow[] = [],
): TaskView | null {
  // What a colleague showed counts while our own word that we took it does.
  if (row.body === null || (row.rev === 0 && !row.unlisted && !row.body.task.handover)) return null;
  const unsent = mine.filter((entry) => snap.results[entry.op_id] === undefined).length;
  const gone = row.present ? handedOn(row) : (row.reason ?? 'removed');
  return {
    ...whole(row.body, mine),
    rev: row.rev,
    state: stateOf(snap, mine, unsent),
    fresh: snap.rows.get(entity)?.fresh ?? [],
    ...(row.unlisted ? { unlisted: true as const } : {}),
    ...(gone === null ? {} : { removed: { reason: gone, waiting: unsent + blobs.length } }),
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
