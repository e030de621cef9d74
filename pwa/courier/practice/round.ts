/** A made-up round: a little of everything a day brings, at addresses that do not exist. Pure. */
import type { Envelope, Identity, JsonObject, TaskView } from '../../engine';
import { orderedObligation, orderedParcel, orderedTask } from '../../../sync/ts/apply';
import { derive } from '../../../sync/ts/canonical';
import { orderedCustomer } from '../../../sync/ts/customers';
import type { TaskRowBody } from '../../../sync/ts/pending';

type Language = 'zh' | 'en';

interface Given {
  kind?: 'pickup';
  /** Door of the made-up estate. */
  door: [building: string, unit: string, room: string];
  name: Record<Language, string>;
  /** Minutes from now. */
  window: [number, number];
  cod?: number;
  pieces?: number;
  request?: [kind: string, Record<Language, string>];
}

const MINUTE = 60_000;

const GIVEN: Given[] = [
  { door: ['1', '1', '101'], name: { zh: '练习甲', en: 'Practice A' }, window: [-30, 60] },
  {
    door: ['1', '2', '502'],
    name: { zh: '练习乙', en: 'Practice B' },
    window: [-30, 90],
    request: ['no_ring', { zh: '宝宝在睡觉，请发短信', en: 'The baby is asleep, please text' }],
  },
  { door: ['2', '1', '301'], name: { zh: '练习丙', en: 'Practice C' }, window: [0, 120], cod: 12_850 },
  { door: ['3', '1', '201'], name: { zh: '练习丁', en: 'Practice D' }, window: [0, 150], pieces: 2 },
  { door: ['3', '1', '201'], name: { zh: '练习丁', en: 'Practice D' }, window: [0, 150] },
  { door: ['4', '1', '601'], name: { zh: '练习戊', en: 'Practice E' }, window: [30, 180] },
  { kind: 'pickup', door: ['5', '1', '101'], name: { zh: '练习己', en: 'Practice F' }, window: [30, 240] },
];

export const OTHER_ROUTE = '练习线-2';
/** Waybills that are on nobody's list here: another route's, and one to be stopped. */
export const ELSEWHERE = { other_route: 'LX00000098', recalled: 'LX00000099' } as const;

export function waybillOf(number: number): string {
  return `LX${String(number).padStart(8, '0')}`;
}

/** The rows a server would have sent: made by what makes them there, so that they look the same. */
export function roundOf(me: Identity, now: number, language: Language): Record<string, TaskRowBody> {
  return Object.fromEntries(
    GIVEN.map((given, at) => {
      const op = orderOf(me, given, at + 1, now, language);
      const task = { ...orderedTask(op, me.station.id), courier: me.user.id, status: 'assigned' as const };
      const { id, name, phone, requests, consents } = orderedCustomer(null, op, me.station.id);
      const customer: TaskView['customer'] = { id, name, phone, language, requests, consents };
      const body = {
        task,
        parcel: orderedParcel(null, op),
        customer,
        obligation: orderedObligation(op),
        conflict: null,
      };
      return [op.entity, body];
    }),
  );
}

function orderOf(me: Identity, given: Given, sequence: number, now: number, language: Language): Envelope {
  const waybill = waybillOf(sequence);
  const kind = given.kind ?? 'delivery';
  const payload = {
    kind,
    merchant: language === 'zh' ? '练习商家' : 'Practice shop',
    reference: `LX-${sequence}`,
    waybill,
    pieces: given.pieces ?? 1,
    weight_g: 1_000,
    goods: null,
    // A number nobody has: a call that is started from here rings nowhere.
    customer: { id: derive('practice', given.name.zh), name: given.name[language], phone: '000 0000 0000' },
    address: addressOf(given.door, language),
    window_start: now + given.window[0] * MINUTE,
    window_end: now + given.window[1] * MINUTE,
    cod_minor: given.cod ?? 0,
    currency: 'CNY',
    requests: given.request
      ? [{ id: derive('practice', 'request', waybill), kind: given.request[0], text: given.request[1][language] }]
      : [],
    courier: null,
    sequence,
    import: null,
    after: null,
  } as unknown as JsonObject;
  return {
    op_id: derive('practice', 'order', waybill),
    type: 'order.imported',
    v: 1,
    author: me.user.id,
    device: null,
    incarnation: null,
    seq: null,
    prev: null,
    app: 'practice',
    entity: `task:${derive('task', kind, waybill)}`,
    base_rev: null,
    base: {},
    payload,
    blobs: [],
    at: now,
    mono: null,
    boot: null,
  };
}

function addressOf([building, unit, room]: Given['door'], language: Language): JsonObject {
  const community = language === 'zh' ? '练习花园' : 'Practice Gardens';
  const text =
    language === 'zh'
      ? `练习市练习区练习路1号练习花园${building}号楼${unit}单元${room}室`
      : `1 Practice Road, Practice Gardens, Building ${building}, Unit ${unit}, Room ${room}`;
  // In the middle of a desert: somewhere to draw on a map, and nobody's door.
  const [east, north] = [Number(building) * 12_000, Number(unit) * 9_000];
  return { text, community, building, unit, room, lng_e7: 830_000_000 + east, lat_e7: 395_000_000 + north };
}
