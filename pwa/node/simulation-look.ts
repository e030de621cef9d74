/** What the oracle may see of a handheld: read from its stores at one moment, without asking its engine. */

import { canonical, sha256Hex } from '../../sync/ts/canonical';
import { DATABASE } from './simulation-device';
import { value, values, writing } from './simulation-storage';

// The shapes as they lie on the disk, as far as they are looked at: an oracle does not borrow the engine's own idea of them.
type Identified = { op_id: string };
type Journaled = Identified & {
  incarnation: string;
  seq: number;
  envelope: { type: string; entity: string; blobs: string[] };
  acked_at: number | null;
};
type Proof = { sha: string; state: string; code: string | null };
type Pulled = { scope: string; entity: string; ver: number; rev: number; present: boolean; body: unknown };

/** Everything the conservation of operations and proofs rests on. */
export function look(factory: IDBFactory): Record<string, unknown> {
  const all = <T>(store: string): T[] => values<T>(factory, DATABASE, store);
  const meta = <T>(key: string): T | undefined => value<T>(factory, DATABASE, 'meta', key);
  const parked = new Set(
    all<Identified & { parked?: true }>('results')
      .filter((row) => row.parked)
      .map((row) => row.op_id),
  );
  const identity = meta<{ device: string; user: { id: string }; session?: string | null }>('identity');
  return {
    writing: writing(factory, DATABASE),
    device: identity?.device ?? null,
    user: identity?.user.id ?? null,
    told: identity?.session !== null && (meta<string>('standing') ?? 'ok') === 'ok',
    manifest: all<{ published_at: number }>('manifest').map((row) => row.published_at),
    local: meta<unknown>('local') ?? null,
    server: meta<unknown>('server') ?? null,
    outbox: all<Identified>('outbox').map((row) => row.op_id),
    journal: all<Journaled>('journal').map((row) => ({
      op_id: row.op_id,
      incarnation: row.incarnation,
      seq: row.seq,
      type: row.envelope.type,
      entity: row.envelope.entity,
      blobs: row.envelope.blobs,
      acked: row.acked_at !== null,
      parked: parked.has(row.op_id),
    })),
    bytes: all<{ sha: string }>('bytes').map((row) => row.sha),
    waiting: all<Proof>('blobs')
      .filter((row) => row.state === 'waiting')
      .map((row) => row.sha),
    refused: all<Proof>('blobs')
      .filter((row) => row.state === 'refused')
      .map((row) => [row.sha, row.code]),
    cursors: Object.fromEntries(all<{ scope: string; ver: number }>('cursors').map((row) => [row.scope, row.ver])),
  };
}

/** The rows as pulled: [scope, entity, ver, rev, hash of the body], those taken away left out. */
export function mirror(factory: IDBFactory): unknown[] {
  return values<Pulled>(factory, DATABASE, 'rows')
    .filter((row) => row.present)
    .map((row) => [row.scope, row.entity, row.ver, row.rev, sha256Hex(canonical(row.body))]);
}
