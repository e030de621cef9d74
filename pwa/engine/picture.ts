/**
 * What the screens are shown, made of what lies on the disk (P9) and kept in memory: made whole from a snapshot, and from then on
 * carried over each operation recorded here, so that a sign-off touches one task and not four hundred. Pure; that both ways lead to
 * the same picture is what tests/pwa/engine/picture.test.ts is for.
 */
import type { BlobRow, JournalRow, OutboxRow } from '../store';
import { newsViews } from './news';
import { SHIFT_LOG, shiftOf } from './shift';
import type { HiddenTask, NewsView, NoticeView, OutboxItem, ShiftView, TaskView } from './types';
import {
  inRouteOrder,
  isMine,
  itemView,
  needsYou,
  noticeViews,
  outboxItems,
  taskViews,
  touched,
  type Snapshot,
} from './views';

export interface Picture {
  snap: Snapshot;
  /** Every task by its entity, those taken away included. */
  views: ReadonlyMap<string, TaskView>;
  /** Those on the list, in the order of the route. */
  today: TaskView[];
  outbox: OutboxItem[];
  notices: NoticeView[];
  news: NewsView[];
  shift: ShiftView;
  needsYou: number;
  hidden: HiddenTask[];
}

/** What was recorded. */
export interface Step {
  entries: readonly OutboxRow[];
  journal: readonly JournalRow[];
  blobs: readonly BlobRow[];
}

export function pictureOf(snap: Snapshot): Picture {
  const views = taskViews(snap);
  return {
    snap,
    views,
    today: listed(views),
    outbox: outboxItems(snap),
    notices: noticeViews(snap),
    news: newsViews(snap),
    shift: shiftOf(snap.shiftLog),
    needsYou: needsYou(snap),
    hidden: hiddenOf(views),
  };
}

/** The picture after operations were recorded over it; rows of the server's may not have changed. */
export function pictureAfter(before: Picture, step: Step): Picture {
  const snap = snapshotAfter(before.snap, step);
  const names = new Set(step.entries.flatMap((entry) => touched(snap, entry.envelope)));
  const views = new Map([...before.views].filter(([name]) => !names.has(name)));
  for (const [name, view] of taskViews(snap, names)) views.set(name, view);
  const proofs = new Set(step.blobs.map((blob) => blob.sha));
  const items = new Map(before.outbox.map((item) => [item.op_id, item]));
  return {
    ...before,
    snap,
    views,
    today: listedAfter(before.today, views, names),
    outbox: snap.entries.map((entry) => {
      const known = items.get(entry.op_id);
      return known && !entry.envelope.blobs.some((sha) => proofs.has(sha)) ? known : itemView(snap, entry);
    }),
    shift: snap.shiftLog === before.snap.shiftLog ? before.shift : shiftOf(snap.shiftLog),
    hidden: hiddenOf(views),
  };
}

function snapshotAfter(snap: Snapshot, { entries, journal, blobs }: Step): Snapshot {
  const [mine, others] = [entries.filter(isMine(snap)), entries.filter((entry) => !isMine(snap)(entry))];
  const log = journal.filter((row) => SHIFT_LOG.includes(row.envelope.type) && row.envelope.author === snap.user);
  const shas = new Set(blobs.map((blob) => blob.sha));
  return {
    ...snap,
    entries: inOrder(snap.entries, mine),
    others: inOrder(snap.others, others),
    waitingBlobs: blobs.length
      ? [...snap.waitingBlobs.filter((blob) => !shas.has(blob.sha)), ...blobs]
      : snap.waitingBlobs,
    shiftLog: log.length ? [...snap.shiftLog, ...log] : snap.shiftLog,
  };
}

/** As the outbox is read: by seq, which begins anew with each chain, then by id. */
function inOrder(known: readonly OutboxRow[], more: readonly OutboxRow[]): OutboxRow[] {
  return [...known, ...more].sort((a, b) => a.seq - b.seq || (a.op_id < b.op_id ? -1 : 1));
}

function listed(views: ReadonlyMap<string, TaskView>): TaskView[] {
  return [...views.values()].filter((view) => !view.removed).sort(inRouteOrder);
}

/** What was sorted stays so: only what was touched has to find its place. */
function listedAfter(
  before: readonly TaskView[],
  views: ReadonlyMap<string, TaskView>,
  names: ReadonlySet<string>,
): TaskView[] {
  const rest = before.filter((view) => !names.has(`task:${view.task.id}`));
  const fresh = [...names].flatMap((name) => views.get(name) ?? []).filter((view) => !view.removed);
  return [...rest, ...fresh].sort(inRouteOrder);
}

function hiddenOf(views: ReadonlyMap<string, TaskView>): HiddenTask[] {
  const gone = [...views.values()].filter((view) => (view.removed?.waiting ?? 0) > 0).sort(inRouteOrder);
  return gone.flatMap(({ task, parcel, removed }) =>
    removed ? [{ id: task.id, waybill: parcel.waybill, ...removed }] : [],
  );
}
