/** The real screens on the stub: ?scene=work|asked|fresh|load|offline|empty|waiting|huge|trouble|apart|backlog|enrol|revoked&lang=zh|en&theme=… */
import { mount } from 'svelte';
import App from '../../../pwa/courier/App.svelte';
import '../../../pwa/courier/courier.css';
import { router } from '../../../pwa/courier/router.svelte';
import { session } from '../../../pwa/courier/session.svelte';
import { settings } from '../../../pwa/courier/settings.svelte';
import { wake } from '../../../pwa/device/sound';
import type { Change, CustomerRequest, NewsView, NoticeView, OutboxItem, Receipt, TaskView } from '../../../pwa/engine';
import '../../../pwa/ui/base.css';
import { language } from '../../../pwa/ui/i18n.svelte';
import { theme, type Theme } from '../../../pwa/ui/theme.svelte';
import '../../../pwa/ui/tokens.css';
import { derive } from '../../../sync/ts/canonical';
import { aDay, aHugeDay, COURIER, NOW } from './fixtures';
import { someone, StubEngine, type StubState } from './stub';

const query = new URLSearchParams(location.search);
const scene = query.get('scene') ?? 'work';

function item(seq: number, type: string, minutes: number, more: Partial<OutboxItem>): OutboxItem {
  const op_id = derive('preview', 'item', String(seq));
  return {
    seq,
    op_id,
    type,
    entity: 'task:x',
    at: NOW - minutes * 60_000,
    state: 'confirmed',
    seen: false,
    proofsWaiting: 0,
    ...more,
  };
}

const outbox: OutboxItem[] = [
  item(1, 'shift.started', 130, {}),
  item(2, 'task.delivered', 62, { waybill: 'SF1428805590001', status: 'applied', proofsWaiting: 1 }),
  item(3, 'task.delivered', 45, {
    waybill: 'SF1428805590388',
    status: 'conflict',
    state: 'needs_you',
    code: 'cancelled',
    conflict: 'x',
  }),
  item(4, 'task.picked_up', 40, {
    waybill: 'YT7786120044700',
    status: 'deferred',
    state: 'confirmed',
    code: 'awaiting_entity',
  }),
  item(5, 'payment.collected', 12, { waybill: 'SF1428805590771', state: 'saved' }),
  item(6, 'task.delivered', 12, { waybill: 'SF1428805590771', state: 'saved', proofsWaiting: 2 }),
];

const notice: NoticeView = {
  id: derive('preview', 'notice'),
  kind: 'decided',
  conflict: 'x',
  task: null,
  waybill: 'SF1428805590388',
  op_id: 'x',
  outcome: 'mine',
  reason: '照片清楚，客户确认已收到',
  case_kind: 'cancelled',
  status: null,
  at: NOW - 5 * 60_000,
  by_name: '刘站长',
  seen: false,
};

function worked(): TaskView[] {
  const day = aDay();
  const outcome = (view: TaskView, type: string, reason: string | null): TaskView['task']['outcome'] => ({
    op_id: derive('o', view.task.id),
    type,
    author: COURIER,
    at: NOW - 20 * 60_000,
    reason,
    recipient: reason ? null : 'self',
  });
  const [, , , , , sixth, seventh, eighth] = day as [
    TaskView,
    TaskView,
    TaskView,
    TaskView,
    TaskView,
    TaskView,
    TaskView,
    TaskView,
  ];
  Object.assign(sixth.task, { status: 'delivered', outcome: outcome(sixth, 'task.delivered', null) });
  Object.assign(sixth, { state: 'saved' });
  Object.assign(seventh.task, {
    status: 'attempt_failed',
    outcome: outcome(seventh, 'task.attempt_failed', 'NOT_HOME'),
  });
  Object.assign(eighth.task, {
    status: 'cancelled',
    cancelled: { op_id: 'x', author: 'x', at: NOW - 9 * 60_000, reason: '寄件人要求拦截，地址填错' },
  });
  return day;
}

/** The first customer asks for more: something new, something proposed at the door, something for other days. */
function asked(): TaskView[] {
  const [first, ...others] = aDay() as [TaskView, ...TaskView[]];
  const [known] = first.customer.requests as [CustomerRequest];
  const requests: CustomerRequest[] = [
    known,
    { ...known, id: 'new', kind: 'no_ring', text: '宝宝刚睡着', source: 'customer' },
    { ...known, id: 'wait', kind: 'leave_at_reception', text: '前台小李代收', source: 'courier', state: 'proposed' },
    { ...known, id: 'days', kind: 'weekdays_only', text: '', source: 'csr', scope: 'weekdays', weekdays: [1, 2, 3] },
  ];
  const listed = others.map((view) =>
    view.task.sequence === 4 ? { ...view, fresh: view.customer.requests.map((one) => one.id) } : view,
  );
  return [{ ...first, fresh: ['new'], customer: { ...first.customer, requests } }, ...listed];
}

/** A shift on which both sides differ in every way there is; `count` operations wait. */
function apart(count: number): Receipt {
  const kinds = ['parked', 'apart', 'proofs', 'proofs_lost'] as const;
  const differences = Array.from({ length: count + kinds.length }, (_, i) => ({
    kind: i < kinds.length ? kinds[i]! : ('waiting' as const),
    op_id: `00000000-0000-7000-8000-0000000000${10 + i}`,
    seq: i + 12,
    type: ['task.delivered', 'payment.collected', 'task.attempt_failed'][i % 3]!,
    waybill: i % 7 === 6 ? null : `SF14288056${String(10_001 + i * 37)}`,
    at: NOW - (200 - i * 0.5) * 60_000,
    proofs: i < kinds.length ? i : i % 3,
    earlier: i === 4,
  }));
  const recorded = count + 11;
  return { since: NOW - 130 * 60_000, recorded, confirmed: 10, waiting: count, parked: 1, differences };
}

/** Everything that can be changed on the road, on three tasks and one that is gone. */
function changed(): NewsView[] {
  const [first, second, third] = aDay() as [TaskView, TaskView, TaskView];
  const at = NOW - 4 * 60_000;
  const change = (what: Change['what'], was: Change['was'], is: Change['is']): Change => ({
    what,
    id: what,
    was,
    is,
    at,
  });
  const of = (view: TaskView, ...changes: Change[]): NewsView => ({
    task: view.task.id,
    waybill: view.parcel.waybill,
    present: true,
    changes,
    at,
  });
  return [
    of(
      first,
      change('window', [NOW - 42 * 60_000, NOW + 28 * 60_000], [NOW + 60 * 60_000, NOW + 120 * 60_000]),
      change('note', null, '客户说门禁坏了，打电话叫他下楼'),
    ),
    of(second, change('amount', 0, 4_500), change('request', { kind: 'no_ring', text: '' }, null)),
    of(third, change('added', null, null)),
    { ...of(first, change('removed', null, 'reassigned')), task: 'gone', waybill: 'SF1428805599333', present: false },
  ];
}

const scenes: Record<string, Partial<StubState>> = {
  work: { tasks: worked(), outbox: outbox.filter((one) => one.state !== 'needs_you') },
  fresh: {
    tasks: aDay('assigned'),
    shift: { id: null, entity: null, status: 'none', started_at: null, closed_at: null, cash_minor: 0 },
  },
  load: { tasks: aDay('assigned') },
  offline: { tasks: worked(), outbox, phase: 'offline' },
  trouble: {
    tasks: worked(),
    outbox,
    notices: [notice],
    hidden: [{ id: 'x', waybill: 'SF1428805599333', reason: 'reassigned', waiting: 2 }],
  },
  asked: { tasks: asked() },
  news: { tasks: aDay('out_for_delivery'), news: changed() },
  revoked: { tasks: worked(), outbox, phase: 'revoked' },
  empty: { tasks: [] },
  waiting: { tasks: [], lastHeard: null, phase: 'offline' },
  done: { tasks: worked().filter((view) => view.task.outcome), outbox: outbox.slice(0, 1) },
  huge: { tasks: aHugeDay() },
  apart: { tasks: worked(), outbox, receipt: apart(3) },
  backlog: { tasks: aHugeDay(), outbox, phase: 'offline', receipt: apart(200) },
  named: { tasks: [], outbox: outbox.slice(0, 1), receipt: { ...apart(0), confirmed: 10 } },
  begun: { tasks: [], outbox: [], receipt: { ...apart(0), recorded: 0, confirmed: 0, parked: 0, differences: [] } },
  enrol: { identity: null },
};

const state: StubState = {
  identity: someone,
  tasks: [],
  outbox: [],
  notices: [],
  shift: {
    id: 'x',
    entity: 'shift:x',
    status: 'open',
    started_at: NOW - 130 * 60_000,
    closed_at: null,
    cash_minor: 45_600,
  },
  phase: 'idle',
  lastHeard: NOW - 3 * 60_000,
  hidden: [],
  ...scenes[scene],
};

theme.set((query.get('theme') ?? 'light') as Theme);
theme.start();
settings.apply();
language.set(query.get('lang') === 'en' ? 'en' : 'zh');
router.start();
wake();
mount(App, { target: document.getElementById('app') as HTMLElement });
await session.attach(new StubEngine(state), () => NOW);
