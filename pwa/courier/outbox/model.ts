/** The outbox in sentences: what was done, how it stands, and when it needs a person, why. Pure. */
import type { Difference, NoticeView, OutboxItem, Receipt, SyncStatus } from '../../engine';

/** Which sentence follows the words for what was done. */
export type Standing = 'waiting' | 'proofs' | 'confirmed' | 'merged' | 'deferred' | 'conflict' | 'quarantined';

export function standing(item: OutboxItem): Standing {
  if (item.status === 'conflict') return 'conflict';
  if (item.status === 'quarantined') return 'quarantined';
  if (item.status === 'deferred') return 'deferred';
  if (item.state === 'saved') return 'waiting';
  if (item.proofsWaiting > 0) return 'proofs';
  return item.status === 'merged' ? 'merged' : 'confirmed';
}

export function newestFirst(items: readonly OutboxItem[]): OutboxItem[] {
  return [...items].sort((one, other) => other.seq - one.seq);
}

/** What a person must look at comes before what only waits, and that before what is done. */
export function sections(items: readonly OutboxItem[]): {
  attention: OutboxItem[];
  waiting: OutboxItem[];
  confirmed: OutboxItem[];
} {
  const sorted = newestFirst(items);
  const attention = sorted.filter((item) => item.state === 'needs_you' && !item.seen);
  const waiting = sorted.filter(
    (item) => !attention.includes(item) && (item.state === 'saved' || item.proofsWaiting > 0),
  );
  return {
    attention,
    waiting,
    confirmed: sorted.filter((item) => !attention.includes(item) && !waiting.includes(item)),
  };
}

/** The keys of the sentence at the top, each with its number. */
export function summary(
  status: SyncStatus | null,
): { key: 'waiting' | 'proofs' | 'needsYou' | 'clear' | 'none' | 'unknown'; n: number }[] {
  if (!status) return [{ key: 'unknown', n: 0 }];
  const said = [
    { key: 'waiting' as const, n: status.waiting },
    { key: 'proofs' as const, n: status.proofsWaiting },
    { key: 'needsYou' as const, n: status.needsYou },
  ].filter(({ n }) => n > 0);
  if (said.length > 0) return said;
  // A storage that holds nothing may have been another's until it was cleared: that all is well is nobody's to say of it.
  if (status.recorded === 0) return [{ key: 'none', n: 0 }];
  return [{ key: status.allConfirmed ? 'clear' : 'unknown', n: 0 }];
}

/** Operations that have left the list while a signature or photo of theirs is not at the server. */
export function unlisted(receipt: Receipt | null, items: readonly OutboxItem[]): Difference[] {
  const listed = new Set(items.map((item) => item.op_id));
  const ofProofs = (receipt?.differences ?? []).filter(({ kind }) => kind === 'proofs' || kind === 'proofs_lost');
  return ofProofs.filter(({ kind, op_id }) => kind === 'proofs_lost' || !listed.has(op_id));
}

export function newestNotices(notices: readonly NoticeView[]): NoticeView[] {
  return [...notices].sort((one, other) => Number(one.seen) - Number(other.seen) || other.at - one.at);
}

/** The part of the notice's sentence that says what was decided, as a key. */
export function decision(
  notice: NoticeView,
): 'mine' | 'theirs' | 'noted' | 'undone' | 'quarantined' | 'settled' | 'unreached' {
  return notice.kind === 'decided' ? (notice.outcome ?? 'noted') : notice.kind;
}
