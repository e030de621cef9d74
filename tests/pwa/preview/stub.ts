/**
 * An engine without storage or network, for looking at screens in states that are hard to reach by hand. It knows
 * only what the screens show; the real engine has its own tests.
 */
import type {
  BlobInput,
  CarriedView,
  Draft,
  Engine,
  Envelope,
  HiddenTask,
  Identity,
  MessageView,
  NewsView,
  NoticeView,
  OutboxItem,
  Receipt,
  RescueFile,
  ShiftView,
  SyncPhase,
  SyncStatus,
  TaskView,
  VerdictView,
} from '../../../pwa/engine';
import { derive, normalWaybill } from '../../../sync/ts/canonical';
import { COURIER, NOW, STATION } from './fixtures';

export interface StubState {
  identity: Identity | null;
  tasks: TaskView[];
  outbox: OutboxItem[];
  notices: NoticeView[];
  news?: NewsView[];
  messages?: MessageView[];
  shift: ShiftView;
  /** What the outbox says, when left out. */
  receipt?: Receipt;
  phase: SyncPhase;
  lastHeard: number | null;
  hidden: HiddenTask[];
}

export const someone: Identity = {
  device: derive('preview', 'device'),
  user: { id: COURIER, name: '陈师傅', lang: 'zh' },
  station: { id: STATION, code: 'BJWJ01', name: '北京望京站', timezone: 'Asia/Shanghai' },
  loggedIn: true,
};

const outcomes: Record<string, TaskView['task']['status']> = {
  'task.out_for_delivery': 'out_for_delivery',
  'task.arrived': 'arrived',
  'task.delivered': 'delivered',
  'task.picked_up': 'picked_up',
  'task.attempt_failed': 'attempt_failed',
  'task.held': 'held',
  'task.returned': 'returned',
};

export class StubEngine implements Engine {
  #listeners = new Set<() => void>();
  #seq: number;
  #before = new Map<string, TaskView>();
  #recorded: Envelope[] = [];

  constructor(private state: StubState) {
    this.#seq = state.outbox.reduce((most, item) => Math.max(most, item.seq), 0);
  }

  identity = (): Identity | null => this.state.identity;
  logIn = async (): Promise<Identity> => someone;
  logOut = async (): Promise<void> => undefined;
  today = async (): Promise<TaskView[]> => this.state.tasks;
  outbox = async (): Promise<OutboxItem[]> => this.state.outbox;
  notices = async (): Promise<NoticeView[]> => this.state.notices;
  shift = async (): Promise<ShiftView> => this.state.shift;
  recorded = async (): Promise<Envelope[]> => this.#recorded;
  news = async (): Promise<NewsView[]> => this.state.news ?? [];
  messages = async (): Promise<MessageView[]> => this.state.messages ?? [];
  acknowledge = async (tasks: readonly string[]): Promise<void> => {
    this.state.news = (this.state.news ?? []).filter((one) => !tasks.includes(one.task));
    this.#changed();
  };
  rescue = async (): Promise<RescueFile> => {
    const body = JSON.stringify({ device: 'x', operations: this.state.outbox });
    const seal = 'a'.repeat(64);
    return { packages: [{ body, seal }], proofs: [], operations: this.state.outbox.length };
  };
  carry = async (): Promise<void> => undefined;
  carried = async (): Promise<CarriedView[]> => [
    { id: 'c', author: '李师傅', operations: 23, made_at: NOW - 600_000, state: 'waiting', code: null },
  ];
  piece = async (): Promise<Uint8Array> => new Uint8Array();
  newId = (): string => derive('preview', 'id', String(++this.#seq));
  start = (): void => undefined;
  stop = (): void => undefined;
  close = (): void => undefined;
  call = async (): Promise<Record<string, unknown>> => ({});

  /** Of the outbox alone: what is not in it any more is confirmed. */
  receipt = async (): Promise<Receipt> => {
    const { outbox, shift, receipt } = this.state;
    if (receipt) return receipt;
    const differences = outbox.flatMap(({ op_id, seq, type, waybill = null, at, state, proofsWaiting: proofs }) => {
      const kind = state === 'saved' ? ('waiting' as const) : proofs > 0 ? ('proofs' as const) : null;
      return kind ? [{ kind, op_id, seq, type, waybill, at, proofs, earlier: false }] : [];
    });
    const waiting = differences.filter(({ kind }) => kind === 'waiting').length;
    const recorded = outbox.length;
    return { since: shift.started_at, recorded, confirmed: recorded - waiting, waiting, parked: 0, differences };
  };

  async enrol(): Promise<Identity> {
    this.state.identity = someone;
    this.#changed();
    return someone;
  }

  async task(id: string): Promise<TaskView | null> {
    return this.state.tasks.find((view) => view.task.id === id) ?? null;
  }

  async submit(drafts: Draft[], _blobs: BlobInput[] = []): Promise<Envelope[]> {
    const saved = drafts.map((draft) => this.#save(draft));
    this.#recorded = [...this.#recorded, ...saved];
    this.#changed();
    return saved;
  }

  async markSeen(id: string): Promise<void> {
    this.state.outbox = this.state.outbox.map((item) => (item.op_id === id ? { ...item, seen: true } : item));
    this.state.notices = this.state.notices.map((notice) => (notice.id === id ? { ...notice, seen: true } : notice));
    this.#changed();
  }

  async opened(task: string): Promise<void> {
    this.state.tasks = this.state.tasks.map((view) => (view.task.id === task ? { ...view, fresh: [] } : view));
    this.#changed();
  }

  async verdict(code: string): Promise<VerdictView> {
    const waybill = normalWaybill(code);
    const task = this.state.tasks.find((view) => view.parcel.waybill === waybill);
    const entity = `parcel:${derive('parcel', waybill)}`;
    const seen = { waybill, entity, task, manifest_age_ms: 4 * 60_000 };
    if (task?.task.status === 'cancelled') return { ...seen, verdict: 'recalled' };
    if (task?.task.outcome) return { ...seen, verdict: 'signed' };
    if (task) return { ...seen, verdict: task.parcel.scans > 0 ? 'duplicate' : 'mine' };
    if (waybill.startsWith('SF14')) return { ...seen, verdict: 'other_route', route: '朝阳-07' };
    return { ...seen, verdict: 'unknown', manifest_age_ms: null };
  }

  async status(): Promise<SyncStatus> {
    const { outbox, notices, phase, hidden, lastHeard } = this.state;
    const waiting = outbox.filter((item) => item.state === 'saved').length;
    const needsYou = [...outbox.filter((item) => item.state === 'needs_you'), ...notices].filter(
      (one) => !one.seen,
    ).length;
    return {
      phase,
      code: null,
      waiting,
      proofsWaiting: outbox.reduce((sum, item) => sum + item.proofsWaiting, 0),
      needsYou,
      lastHeard,
      nextTry: null,
      recorded: outbox.length,
      confirmed: outbox.length - waiting,
      allConfirmed: waiting === 0 && lastHeard !== null,
      hidden,
      persisted: true,
      loginNeeded: false,
      ofOthers: 0,
      wiped: false,
    };
  }

  async sync(): Promise<{ ok: true; pushed: number; pulled: number; blobs: number }> {
    if (this.state.phase !== 'offline') {
      this.state.outbox = this.state.outbox.map((item) =>
        item.state === 'saved' ? { ...item, state: 'confirmed', proofsWaiting: 0 } : item,
      );
      this.state.tasks = this.state.tasks.map((view) =>
        view.state === 'saved' ? { ...view, state: 'confirmed' } : view,
      );
    }
    this.#changed();
    return { ok: true, pushed: 0, pulled: 0, blobs: 0 };
  }

  subscribe(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  #changed(): void {
    this.#listeners.forEach((fn) => fn());
  }

  #save(draft: Draft): Envelope {
    const seq = ++this.#seq;
    const op_id = derive('preview', 'op', String(seq));
    const [kind, id = ''] = draft.entity.split(':');
    const view = this.state.tasks.find((one) => one.task.id === id || one.parcel.id === id);
    this.state.outbox = [
      ...this.state.outbox,
      {
        seq,
        op_id,
        type: draft.type,
        entity: draft.entity,
        at: NOW,
        state: 'saved',
        waybill: view?.parcel.waybill,
        seen: false,
        proofsWaiting: 0,
      },
    ];
    if (kind === 'shift') {
      const open = draft.type === 'shift.started';
      this.state.shift = {
        ...this.state.shift,
        id,
        entity: draft.entity,
        status: open ? 'open' : 'closed',
        started_at: NOW,
      };
    }
    if (view) this.#apply(view, draft, op_id);
    const envelope = {
      ...draft,
      op_id,
      v: 1,
      author: COURIER,
      device: null,
      incarnation: null,
      seq,
      prev: null,
      app: 'preview',
    };
    return { ...envelope, base_rev: null, base: {}, blobs: [], at: NOW, mono: null, boot: null } as Envelope;
  }

  #apply(view: TaskView, draft: Draft, op_id: string): void {
    const next = structuredClone(view);
    next.state = 'saved';
    if (draft.type === 'operation.corrected') {
      const before = this.#before.get(String(draft.payload['corrects']));
      this.#replace(view, before ? { ...before, state: 'saved' } : next);
      return;
    }
    this.#before.set(op_id, view);
    if (draft.type === 'parcel.scanned') next.parcel.scans += 1;
    if (draft.type === 'payment.collected' && next.obligation) next.obligation.status = 'settled';
    if (draft.type === 'task.noted')
      next.task.notes.push({ op_id, text: String(draft.payload['text']), author: COURIER, at: NOW });
    const status = outcomes[draft.type];
    if (status) next.task.status = status;
    if (status && status !== 'arrived' && status !== 'out_for_delivery') {
      const { reason = null, recipient = null } = draft.payload as { reason?: string; recipient?: string };
      next.task.outcome = { op_id, type: draft.type, author: COURIER, at: NOW, reason, recipient };
    }
    this.#replace(view, next);
  }

  #replace(view: TaskView, next: TaskView): void {
    this.state.tasks = this.state.tasks.map((one) => (one.task.id === view.task.id ? next : one));
  }
}
