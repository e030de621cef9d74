/** Every type a screen needs from the engine. Wire shapes keep the wire's snake_case; the engine's own are camelCase. */
import type {
  Envelope,
  JsonObject,
  MessageRow,
  OperationType,
  Position,
  ResultStatus,
  ScanVerdict,
  TaskRow,
} from '../../sync/ts/records';

import type { Room } from '../platform';
import type { Change } from '../store';

export type { Change } from '../store';
export type { Fix, HttpAnswer, HttpRequest, Platform } from '../platform';
export type {
  Address,
  CustomerRequest,
  Envelope,
  Json,
  JsonObject,
  ObligationRecord,
  OperationType,
  ParcelRecord,
  Position,
  ResultStatus,
  ScanVerdict,
  TaskRecord,
  TaskRow,
  TaskStatus,
} from '../../sync/ts/records';

export interface EngineOptions {
  /** "" in the browser, "http://host:port" in Node. */
  baseUrl: string;
  /** Build of the app, kept in every operation. */
  app: string;
}

export interface Identity {
  device: string;
  user: { id: string; name: string; lang: 'zh' | 'en' };
  station: { id: string; code: string; name: string; timezone: string };
  /** False after the courier has logged out: what he recorded is still sent, nothing is shown. */
  loggedIn: boolean;
}

/** What a screen hands in: the engine adds ids, seq, hashes, clocks, author. */
export interface Draft {
  type: OperationType;
  /** `kind:id` */
  entity: string;
  payload: JsonObject;
  /** Field values the person saw, for plan-like operations (P20). */
  base?: JsonObject;
  /** Rev of the row the person saw; taken from the local row when left out. */
  base_rev?: number | null;
  position?: Position | null;
}

export type BlobKind = 'signature' | 'photo';

/**
 * Bytes that belong to the drafts of one submit. A draft names a blob by sha256 in `payload.signature` / `payload.photos`;
 * whoever does not know the hash yet writes `blob:0`, `blob:1` … (index into the blobs given), which submit replaces.
 */
export interface BlobInput {
  sha256?: string;
  bytes: Uint8Array;
  /** image/png, image/jpeg or image/webp */
  type: string;
  /** Signatures travel before photos. Default: photo. */
  kind?: BlobKind;
}

/** `saved` = on this handheld only, `confirmed` = on the server, `needs_you` = a person must look. */
export type ItemState = 'saved' | 'confirmed' | 'needs_you';

export interface TaskView extends TaskRow {
  /** Rev of the server's row under the overlay; 0 for a task the server has not told us of. */
  rev: number;
  state: ItemState;
  /** Ids of requests that came or changed while the task was on the list, and that nobody has looked at. */
  fresh: string[];
  /** Present when only our own operations know this task. */
  unlisted?: true;
  /** Present when the server took the task off this list (P28); `waiting` items are still to be sent. */
  removed?: { reason: string; waiting: number };
}

/** A task with changes nobody has acknowledged. */
export interface NewsView {
  task: string;
  waybill: string;
  /** False when it has left the list. */
  present: boolean;
  changes: Change[];
  at: number;
}

/** What the station wrote to this courier. */
export type MessageView = MessageRow & { read: boolean };

export interface OutboxItem {
  seq: number;
  op_id: string;
  type: string;
  entity: string;
  at: number;
  state: ItemState;
  /** The server's answer, once there is one. */
  status?: ResultStatus;
  code?: string;
  detail?: string;
  /** Id of the conflict case. */
  conflict?: string;
  waybill?: string;
  seen: boolean;
  /** Signatures and photos of this operation that the server does not have yet. */
  proofsWaiting: number;
}

export interface NoticeView {
  id: string;
  kind: 'decided' | 'undone' | 'quarantined' | 'settled' | 'unreached';
  conflict: string | null;
  task: string | null;
  waybill: string | null;
  op_id: string;
  outcome: 'mine' | 'theirs' | 'noted' | null;
  reason: string | null;
  case_kind: string | null;
  status: ResultStatus | null;
  at: number;
  by_name: string | null;
  seen: boolean;
}

export interface VerdictView {
  verdict: ScanVerdict;
  /** The code as a waybill number (normalised). */
  waybill: string;
  /** The parcel's entity, also for one nobody told us of: what `parcel.scanned` names. */
  entity: string;
  task?: TaskView;
  /** Route label of the manifest for `other_route`. */
  route?: string;
  /** Age of the station manifest the verdict rests on; null when there is none. */
  manifest_age_ms: number | null;
}

export type SyncPhase = 'idle' | 'syncing' | 'offline' | 'revoked' | 'error';

/** A task that left this list while something of it is still to be sent. */
export interface HiddenTask {
  id: string;
  waybill: string;
  reason: string;
  waiting: number;
}

export interface SyncStatus {
  phase: SyncPhase;
  /** Code of the last refusal, e.g. device_revoked, too_many_requests. */
  code: string | null;
  /** Operations the server has not confirmed. */
  waiting: number;
  /** Signatures and photos the server does not have. */
  proofsWaiting: number;
  /** Outbox items and notices a person has not looked at. */
  needsYou: number;
  /** Server time of the last good answer, ms. */
  lastHeard: number | null;
  /** How much this handheld's clock was behind the server's then, ms; negative when it was fast. */
  clockBehind?: number;
  /** What has to be added to this handheld's clock before anything is held against it, ms: 0 while it is off by no more than is allowed. */
  clockWrong?: number;
  /** What is left of the room kept for work: without all of it the storage is nearly full, with none of it it is full (P13). */
  room?: Room;
  /** When the next attempt is due (device clock, ms); null when none is planned. */
  nextTry: number | null;
  /** Operations ever recorded in this local database = the last seq. */
  recorded: number;
  /** How many of them the server said it has (its head_seq for this database). */
  confirmed: number;
  /** True only when the server itself said that it has every operation of this database (P32). */
  allConfirmed: boolean;
  hidden: HiddenTask[];
  /** False when the browser may evict this storage; null when it was not asked. */
  persisted: boolean | null;
  /** The server takes what is sent and tells nothing, until somebody logs in (P34). */
  loginNeeded: boolean;
  /** Operations of somebody who worked with this handheld before, still to be sent under that name (P11). */
  ofOthers: number;
  /** This handheld was revoked and has forgotten everything since the app was opened. */
  wiped: boolean;
}

export type SyncOutcome =
  | { ok: true; pushed: number; pulled: number; blobs: number }
  | { ok: false; phase: SyncPhase; code: string; pushed: number; pulled: number; blobs: number };

/** The courier's own shift, as this handheld recorded it. */
export interface ShiftView {
  id: string | null;
  /** `shift:<id>`, null before the first shift. */
  entity: string | null;
  status: 'none' | 'open' | 'closed';
  started_at: number | null;
  closed_at: number | null;
  /** COD collected in cash since the shift started, minor units. */
  cash_minor: number;
}

/** Something on which this handheld and the server are not at one. */
export interface Difference {
  /**
   * `waiting`: the server has not said that it has it. `parked`: it could not even read it; here it lies as it was recorded.
   * `apart`: it has it and could not use it. `proofs`: it has it without its signature or photos. `proofs_lost`: these cannot be
   * sent any more.
   */
  kind: 'waiting' | 'parked' | 'apart' | 'proofs' | 'proofs_lost';
  op_id: string;
  seq: number;
  type: string;
  waybill: string | null;
  /** When it was recorded. */
  at: number;
  /** Signatures and photos of it that the server does not have. */
  proofs: number;
  /** Recorded before the shift began. */
  earlier: boolean;
}

/** What the courier recorded in his newest shift, and what of it the server itself said it has: its receipts, no hope. */
export interface Receipt {
  /** When the shift began; null before the first one: then the counts are 0. */
  since: number | null;
  /** The sum of the other three. */
  recorded: number;
  confirmed: number;
  waiting: number;
  parked: number;
  /** Of this shift and of what was left over from before it, the oldest first. */
  differences: Difference[];
}

/** What a handheld wrote down of its log, and its seal on the text: only the server can tell whether it is genuine. */
export interface SealedLog {
  body: string;
  seal: string;
}

/** Everything of this handheld that the server has not said that it has. */
export interface RescueFile {
  packages: SealedLog[];
  proofs: { sha256: string; type: string; kind: BlobKind; entity: string; op_id: string; bytes: Uint8Array }[];
  /** How many operations there are in the packages. */
  operations: number;
}

/** A colleague's log this handheld carries to the server. */
export interface CarriedView {
  id: string;
  author: string;
  operations: number;
  made_at: number;
  state: 'waiting' | 'taken' | 'refused';
  code: string | null;
}

export interface Problem {
  code: string;
  /** Path of the offending field, "" for the whole. */
  field: string;
  detail: string;
}

export interface Engine {
  identity(): Identity | null;
  /** Throws EnrolError. */
  enrol(code: string, label?: string): Promise<Identity>;
  /** Logs somebody in on this handheld by a one-time code. Throws EnrolError; then nothing has changed. */
  logIn(code: string): Promise<Identity>;
  logOut(): Promise<void>;
  /**
   * Resolves only after the strict commit. Throws SubmitError; then nothing was stored. `shown` is what a colleague showed of tasks
   * that the drafts take over: the list shows it until the server's own row has come.
   */
  submit(drafts: Draft[], blobs?: BlobInput[], shown?: readonly TaskRow[]): Promise<Envelope[]>;
  /** Tasks on the list now, by sequence, then window end. Without those taken away. */
  today(): Promise<TaskView[]>;
  /** One task, also one that was taken away (`removed`). */
  task(id: string): Promise<TaskView | null>;
  outbox(): Promise<OutboxItem[]>;
  notices(): Promise<NoticeView[]>;
  /** A person has looked: `id` is an op_id of the outbox or a notice's id. */
  markSeen(id: string): Promise<void>;
  /** The courier has opened the task: its `fresh` requests are no news any more. */
  opened(task: string): Promise<void>;
  /** What others changed since the courier last acknowledged it, the newest first. */
  news(): Promise<NewsView[]>;
  acknowledge(tasks: readonly string[]): Promise<void>;
  /** What the station wrote to this courier, the newest first; `message.read` says that he has read one. */
  messages(): Promise<MessageView[]>;
  verdict(code: string): Promise<VerdictView>;
  shift(): Promise<ShiftView>;
  receipt(): Promise<Receipt>;
  /** What this courier recorded here since `since` (ms, this handheld's clock), settled or not, the oldest first. */
  recorded(since: number): Promise<Envelope[]>;
  /** What is unsent, sealed, to be saved or handed to a colleague. Throws RescueError. */
  rescue(): Promise<RescueFile>;
  /** Takes a colleague's logs along; nothing of them becomes this handheld's own. Throws RescueError. */
  carry(file: Omit<RescueFile, 'operations'>): Promise<void>;
  carried(): Promise<CarriedView[]>;
  status(): Promise<SyncStatus>;
  sync(): Promise<SyncOutcome>;
  /** Syncs by itself from now on: at once, after each submit, on signals, and on a persisted timer. */
  start(): void;
  stop(): void;
  /** `fn` is called after anything a screen shows may have changed. Returns the unsubscriber. */
  subscribe(fn: () => void): () => void;
  /**
   * One call to a door of the server's that no record depends on, in this handheld's name; answers the JSON object.
   * Throws Unreachable or Refusal (with the server's `code`).
   */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Record<string, unknown>>;
  /** Part of a file of the server's, e.g. the map's ground. Throws Unreachable or Refusal. */
  piece(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** A fresh UUIDv7. */
  newId(): string;
  /** Closes the local database; the engine cannot be used afterwards. */
  close(): void;
}

/** Codes besides validate's: cod_unsettled, too_large, not_enrolled, blob_unknown, blob_mismatch, quota. */
export class SubmitError extends Error {
  constructor(public readonly problems: Problem[]) {
    super(problems.map((problem) => `${problem.code} ${problem.field}`.trim()).join('; '));
    this.name = 'SubmitError';
  }
}

/** Codes: not_enrolled, empty, unreadable, own, other_station. */
export class RescueError extends Error {
  constructor(public readonly code: string) {
    super(code);
    this.name = 'RescueError';
  }
}

/** Codes: enrolment_invalid, already_enrolled, offline, or the server's own. */
export class EnrolError extends Error {
  constructor(public readonly code: string) {
    super(code);
    this.name = 'EnrolError';
  }
}
