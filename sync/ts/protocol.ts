/** The exchange as pure functions: its frames, reading a body, cutting batches, keeping the count (P14 to P18). */
import type { Digest } from './digest';
import type { Envelope, ResultStatus } from './records';

export const PROTOCOL = 1;
export const MAX_OPERATIONS = 100;
export const MAX_BATCH_BYTES = 256 * 1024;

/** Why a scope is pulled anew from nothing: its rows are not the server's, or the server is not the one it was (P29 to P31). */
export type RebuildCause = 'digest' | 'epoch' | 'head';

export interface ExchangeRequest {
  protocol: typeof PROTOCOL;
  app: string;
  incarnation: string;
  /** The newest operation this database holds: tells the server how many are still to come. */
  last_seq: number;
  push: { from_seq: number; operations: unknown[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
  limit: number;
  /** The handheld's clocks at sending: the wall's, and the one that only runs, with the start it counts from (P35). */
  sent_at: number;
  mono: number;
  boot: string;
  /** Proofs believed to be stored there, for a server that may have forgotten some (P31). */
  proofs?: string[];
  /** Proofs whose bytes this database does not have any more (P34). */
  lost_proofs?: string[];
  rebuilding?: Record<string, RebuildCause>;
}

export interface WireResult {
  seq: number;
  op_id: string | null;
  status: ResultStatus;
  code: string | null;
  detail: string | null;
  applied_at: { scope: string; ver: number } | null;
  conflict: string | null;
}

export interface WireRow {
  entity: string;
  rev: number;
  ver: number;
  present: boolean;
  reason: string | null;
  body: unknown;
}

export interface WirePage {
  scope: string;
  from: number;
  to: number;
  ceiling: number;
  final: boolean;
  /** The cursor meant nothing to the server: these are the rows from nothing on (P29). */
  reset: boolean;
  /** What the scope holds at version `to`, on a final page that reaches the present one (P30). */
  digest: Digest | null;
  rows: WireRow[];
}

export interface ExchangeAnswer {
  protocol: number;
  server_time: number;
  epoch: string;
  head_seq: number;
  expected_seq: number;
  results: WireResult[];
  missing_blobs: string[];
  /** `state`: ok, login_required or revoked; `wipe` tells a revoked handheld to forget everything (P34). */
  pull: { state: string; wipe?: boolean; scopes: WirePage[] };
}

/** What to do with a push: `known` operations are answered from the ledger, then `fresh` ones are consumed. */
export interface PushPlan {
  action: 'accept' | 'overlap' | 'gap';
  known: number;
  fresh: number;
  expected_seq: number;
}

/** The body is not what an exchange can read: no JSON, a key twice, or no object. */
export class UnreadableError extends Error {}

export function exchangeRequest(given: Omit<ExchangeRequest, 'protocol'>): ExchangeRequest {
  return { protocol: PROTOCOL, ...given };
}

/**
 * The answer to an exchange, or null when it is none of ours: a page some network put in the way must never be taken for an
 * acknowledgement. Looks at what the handheld acts upon, not at every field, so that a newer server may say more.
 */
export function parseAnswer(value: Record<string, unknown>): ExchangeAnswer | null {
  const answer = value as unknown as ExchangeAnswer;
  const counts = [answer.server_time, answer.head_seq, answer.expected_seq];
  const shaped =
    answer.protocol === PROTOCOL &&
    typeof answer.epoch === 'string' &&
    counts.every(Number.isSafeInteger) &&
    Array.isArray(answer.results) &&
    Array.isArray(answer.missing_blobs) &&
    typeof answer.pull?.state === 'string';
  if (!shaped) return null;
  const scopes = Array.isArray(answer.pull.scopes) ? answer.pull.scopes : [];
  return { ...answer, pull: { ...answer.pull, scopes } };
}

/** What travels in the place of an operation the server could not read: its identity and its hash, so that seq goes on (P18). */
export function stub(envelope: Envelope, code: string, bodyHash: string): Record<string, unknown> {
  const { op_id, type, v, author, device, incarnation, seq, prev, entity, at } = envelope;
  return { op_id, type, v, author, device, incarnation, seq, prev, entity, at, parked: { code, body_hash: bodyHash } };
}

/** Reads a body as the server does. Throws UnreadableError. */
export function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UnreadableError(String(error));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UnreadableError('no JSON object');
  if (hasDoubleKey(text)) throw new UnreadableError('a key stands twice in one object');
  return value as Record<string, unknown>;
}

/**
 * How many of the waiting operations make the next batch, given the bytes of each one's canonical JSON. One that is larger than a
 * whole batch travels alone, since it must reach the server to be judged.
 */
export function sliceBatch(sizes: number[]): number {
  let total = 0;
  for (const [count, size] of sizes.slice(0, MAX_OPERATIONS).entries()) {
    total += size;
    if (total > MAX_BATCH_BYTES && count > 0) return count;
  }
  return Math.min(sizes.length, MAX_OPERATIONS);
}

/** The size of the next try after a batch could not be read: half, until the culprit stands alone (P18). */
export function narrowed(count: number): number {
  return Math.max(1, Math.floor(count / 2));
}

/** What to do with `count` operations from `fromSeq`, when `headSeq` is the last one consumed (P15, P16). */
export function planPush(headSeq: number, fromSeq: number, count: number): PushPlan {
  const expected = headSeq + 1;
  if (fromSeq > expected) return { action: 'gap', known: 0, fresh: 0, expected_seq: expected };
  const known = Math.min(count, expected - fromSeq);
  const fresh = count - known;
  return { action: known ? 'overlap' : 'accept', known, fresh, expected_seq: expected + fresh };
}

/**
 * Why a cursor means nothing in a scope, so that its walk begins anew from nothing; null when it does (P29): it is ahead of the
 * scope, whose past is another, or below its floor, so that removals it has not seen are forgotten.
 */
export function astray(cursor: number, begun: boolean, ver: number, floor: number): 'ahead' | 'floor' | null {
  if (cursor > ver) return 'ahead';
  return !begun && cursor > 0 && cursor < floor ? 'floor' : null;
}

/**
 * Why a handheld has to tell a server again what it had told it before; null when it need not (P31): it announces another life of
 * its own, or it has less of this very database than it once said.
 */
export function forgot(
  epochBefore: string | null,
  headBefore: number,
  epoch: string,
  head: number,
): RebuildCause | null {
  if (epochBefore !== null && epochBefore !== epoch) return 'epoch';
  return head < headBefore ? 'head' : null;
}

/** `position_mismatch` for an operation that claims another place than the one it came in, else null (P15). */
export function positionCode(op: unknown, device: string, incarnation: string, seq: number): string | null {
  const claimed = (typeof op === 'object' && op !== null ? op : {}) as Partial<Envelope>;
  const agrees = claimed.device === device && claimed.incarnation === incarnation && claimed.seq === seq;
  return agrees ? null : 'position_mismatch';
}

/** JSON.parse keeps the last of two equal keys silently; two readers could then understand two different operations. */
function hasDoubleKey(text: string): boolean {
  const open: (Set<string> | null)[] = [];
  let key: string | null = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    const keys = open.at(-1);
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') key = JSON.parse(token) as string;
    else if (keys && key !== null) {
      if (keys.has(key)) return true;
      keys.add(key);
    }
  }
  return false;
}
