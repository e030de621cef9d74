/**
 * An engine of make-believe: the screens run on it as on the real one, with the real rules of what an operation may say and what
 * it does to a row. It has no storage and no line: what is done here is in memory, and gone with it.
 */
import { idOf } from '../../../sync/ts/values';
import { derive, normalWaybill, sha256Hex } from '../../../sync/ts/canonical';
import { overlay, type Answer, type Row } from '../../../sync/ts/pending';
import { OPERATIONS } from '../../../sync/ts/tables';
import { validate } from '../../../sync/ts/validate';
import {
  EnrolError,
  RescueError,
  SubmitError,
  type BlobInput,
  type CarriedView,
  type Draft,
  type Engine,
  type Envelope,
  type Identity,
  type ItemState,
  type Json,
  type MessageView,
  type NewsView,
  type NoticeView,
  type OutboxItem,
  type Receipt,
  type RescueFile,
  type ScanVerdict,
  type ShiftView,
  type SyncStatus,
  type TaskView,
  type VerdictView,
} from '../../engine';
import { ELSEWHERE, OTHER_ROUTE, roundOf } from './round';

/** How long a record stays "saved" before it is made believe to be confirmed, ms. */
const CONFIRMED_AFTER = 6_000;
const MANIFEST_AGE = 60_000;

export class PracticeEngine implements Engine {
  readonly #me: Identity;
  readonly #rows: Record<string, Row>;
  readonly #clock: () => number;
  readonly #listeners = new Set<() => void>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #operations: Envelope[] = [];
  #answers: Record<string, Answer> = {};
  #ids = 0;

  constructor(me: Identity, clock: () => number, language: 'zh' | 'en') {
    this.#me = me;
    this.#clock = clock;
    const bodies = roundOf(me, clock(), language);
    this.#rows = Object.fromEntries(
      Object.entries(bodies).map(([entity, body]) => [entity, { rev: 1, present: true, reason: null, body }]),
    );
  }

  identity = (): Identity => this.#me;
  enrol = (): Promise<Identity> => Promise.reject(new EnrolError('already_enrolled'));
  logIn = this.enrol;
  logOut = async (): Promise<void> => undefined;
  opened = async (): Promise<void> => undefined;
  markSeen = async (): Promise<void> => undefined;
  notices = async (): Promise<NoticeView[]> => [];
  news = async (): Promise<NewsView[]> => [];
  acknowledge = async (): Promise<void> => undefined;
  messages = async (): Promise<MessageView[]> => [];
  start = (): void => undefined;
  stop = (): void => undefined;
  /** There is no server behind this one. */
  rescue = async (): Promise<RescueFile> => ({ packages: [], proofs: [], operations: 0 });
  carry = (): Promise<void> => Promise.reject(new RescueError('empty'));
  carried = async (): Promise<CarriedView[]> => [];
  call = (): Promise<Record<string, unknown>> => Promise.reject(new Error('practice'));
  piece = (): Promise<Uint8Array> => Promise.reject(new Error('practice'));
  newId = (): string => derive('practice', 'id', String(++this.#ids));
  recorded = async (since: number): Promise<Envelope[]> => this.#operations.filter((op) => op.at >= since);
  task = async (id: string): Promise<TaskView | null> => this.#views().find((view) => view.task.id === id) ?? null;
  today = async (): Promise<TaskView[]> =>
    this.#views().sort((a, b) => (a.task.sequence ?? Infinity) - (b.task.sequence ?? Infinity));

  close = (): void => {
    this.#timers.forEach(clearTimeout);
    this.#listeners.clear();
  };

  subscribe(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }

  async submit(drafts: Draft[], blobs: BlobInput[] = []): Promise<Envelope[]> {
    const made = drafts.map((draft, at) => this.#envelope(draft, this.#operations.length + at + 1, blobs.length));
    const problems = made.flatMap((op) => validate(op, 'courier'));
    if (problems.length) throw new SubmitError(problems);
    this.#unsettled(made);
    this.#operations = [...this.#operations, ...made];
    this.#later(made);
    this.#changed();
    return made;
  }

  async sync(): Promise<{ ok: true; pushed: number; pulled: number; blobs: number }> {
    this.#confirm(this.#operations);
    return { ok: true, pushed: 0, pulled: 0, blobs: 0 };
  }

  async verdict(code: string): Promise<VerdictView> {
    const waybill = normalWaybill(code);
    const task = this.#views().find((view) => view.parcel.waybill === waybill);
    const seen = { waybill, entity: `parcel:${derive('parcel', waybill)}`, manifest_age_ms: MANIFEST_AGE };
    if (task) return { ...seen, task, verdict: ownVerdict(task) };
    if (waybill === ELSEWHERE.other_route) return { ...seen, verdict: 'other_route', route: OTHER_ROUTE };
    return { ...seen, verdict: waybill === ELSEWHERE.recalled ? 'recalled' : 'unknown' };
  }

  async outbox(): Promise<OutboxItem[]> {
    const waybills = new Map(this.#views().map((view) => [view.task.id, view.parcel.waybill]));
    return this.#operations.map((op) => {
      const task = op.payload['task'] ?? idOf(op.entity);
      const waybill = waybills.get(String(task)) ?? op.payload['waybill'];
      return {
        seq: op.seq ?? 0,
        op_id: op.op_id,
        type: op.type,
        entity: op.entity,
        at: op.at,
        state: this.#stateOf(op),
        seen: false,
        proofsWaiting: 0,
        ...(typeof waybill === 'string' ? { waybill } : {}),
      };
    });
  }

  async shift(): Promise<ShiftView> {
    const begin = this.#operations.findLast((op) => op.type === 'shift.started');
    const end = this.#operations.findLast((op) => op.type === 'shift.closed' && op.entity === begin?.entity);
    const undone = this.#undone();
    const cash = this.#operations
      .filter((op) => op.type === 'payment.collected' && op.payload['method'] === 'cash' && !undone.has(op.op_id))
      .reduce((sum, op) => sum + (op.payload['amount_minor'] as number), 0);
    return {
      id: begin ? idOf(begin.entity) : null,
      entity: begin?.entity ?? null,
      status: begin ? (end ? 'closed' : 'open') : 'none',
      started_at: begin?.at ?? null,
      closed_at: end?.at ?? null,
      cash_minor: cash,
    };
  }

  async receipt(): Promise<Receipt> {
    const waiting = this.#operations.filter((op) => this.#stateOf(op) === 'saved').length;
    const recorded = this.#operations.length;
    const since = (await this.shift()).started_at;
    return { since, recorded, confirmed: recorded - waiting, waiting, parked: 0, differences: [] };
  }

  async status(): Promise<SyncStatus> {
    const { recorded, confirmed, waiting } = await this.receipt();
    return {
      phase: 'idle',
      code: null,
      waiting,
      proofsWaiting: 0,
      needsYou: 0,
      lastHeard: this.#clock(),
      nextTry: null,
      recorded,
      confirmed,
      allConfirmed: waiting === 0,
      hidden: [],
      persisted: true,
      loginNeeded: false,
      ofOthers: 0,
      wiped: false,
    };
  }

  #views(): TaskView[] {
    const rows = overlay(this.#rows, this.#operations, this.#answers, {});
    return Object.values(rows).flatMap(({ body, rev, pending, unlisted }) => {
      if (!body) return [];
      const waits = this.#operations.some((op) => pending.includes(op.op_id) && this.#stateOf(op) === 'saved');
      const bare = { name: '', phone: '', language: null, requests: [], consents: [] };
      const waybill = this.#operations.find((op) => idOf(op.entity) === body.task.id)?.payload['waybill'] ?? '';
      const view: TaskView = {
        ...body,
        parcel: body.parcel ?? { id: body.task.parcel, waybill: String(waybill), ...UNKNOWN_PARCEL },
        customer: body.customer ?? { id: body.task.customer, ...bare },
        rev,
        state: waits ? 'saved' : 'confirmed',
        fresh: [],
        ...(unlisted ? { unlisted: true as const } : {}),
      };
      return [view];
    });
  }

  #undone(): Set<Json | undefined> {
    return new Set(
      this.#operations.filter((op) => op.type === 'operation.corrected').map((op) => op.payload['corrects']),
    );
  }

  #stateOf(op: Envelope): ItemState {
    return this.#answers[op.op_id] ? 'confirmed' : 'saved';
  }

  /** The one rule that needs more than the operation itself: nobody signs off what is not paid. */
  #unsettled(made: Envelope[]): void {
    const paid = new Set(made.filter((op) => op.type === 'payment.collected').map((op) => idOf(op.entity)));
    const due = this.#views().filter((view) => view.obligation?.status === 'due' && !paid.has(view.task.id));
    const open = made.filter(
      (op) => op.type === 'task.delivered' && due.some((view) => view.task.id === idOf(op.entity)),
    );
    if (open.length)
      throw new SubmitError(open.map((op) => ({ code: 'cod_unsettled', field: 'entity', detail: op.entity })));
  }

  #envelope(draft: Draft, seq: number, blobs: number): Envelope {
    const shas = Array.from({ length: blobs }, (_, at) => sha256Hex(`practice ${seq} ${at}`));
    const real = (value: Json): Json => shas[Number(/^blob:(\d+)$/.exec(String(value))?.[1] ?? NaN)] ?? value;
    const payload = { ...draft.payload };
    if (payload['signature'] !== undefined) payload['signature'] = real(payload['signature']);
    if (Array.isArray(payload['photos'])) payload['photos'] = payload['photos'].map(real);
    const named = [payload['signature'], ...(Array.isArray(payload['photos']) ? payload['photos'] : [])];
    return {
      op_id: this.newId(),
      type: draft.type,
      v: OPERATIONS[draft.type]?.v ?? 1,
      author: this.#me.user.id,
      device: this.#me.device,
      incarnation: derive('practice', 'incarnation'),
      seq,
      prev: null,
      app: 'practice',
      entity: draft.entity,
      base_rev: null,
      base: draft.base ?? {},
      payload,
      blobs: [...new Set(named.filter((one): one is string => typeof one === 'string'))],
      at: this.#clock(),
      mono: 0,
      boot: derive('practice', 'boot'),
    };
  }

  #later(made: Envelope[]): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#confirm(made);
    }, CONFIRMED_AFTER);
    this.#timers.add(timer);
  }

  #confirm(made: readonly Envelope[]): void {
    const answers = made.map((op) => [op.op_id, { status: 'applied', applied_at: null }] as const);
    this.#answers = { ...this.#answers, ...Object.fromEntries(answers) };
    this.#changed();
  }

  #changed(): void {
    this.#listeners.forEach((fn) => fn());
  }
}

const UNKNOWN_PARCEL = { pieces: 1, weight_g: null, goods: null, scans: 0, last_scan: null };

function ownVerdict(view: TaskView): ScanVerdict {
  if (view.task.status === 'delivered' || view.task.status === 'picked_up') return 'signed';
  return view.task.status === 'assigned' && view.parcel.scans > 0 ? 'duplicate' : 'mine';
}
