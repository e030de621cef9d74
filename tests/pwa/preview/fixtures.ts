/** A day to look at: every kind of task, request, amount and state a screen must be able to show. */
import type { CustomerRequest, TaskView } from '../../../pwa/engine';
import { derive } from '../../../sync/ts/canonical';

const MINUTE = 60_000;
/** 2025-11-21 09:42 in Shanghai. */
export const NOW = 1_763_689_320_000;
/** That moment, a Friday, at the station. */
export const WHEN = { now: NOW, zone: 'Asia/Shanghai' };
export const COURIER = derive('preview', 'courier');
export const STATION = derive('preview', 'station');

interface Given {
  waybill: string;
  name: string;
  phone?: string;
  address: [text: string, community: string | null, building: string | null, unit: string | null, room: string | null];
  /** Minutes from NOW. */
  window?: [number, number];
  requests?: [kind: string, text: string, more?: Partial<CustomerRequest>][];
  cod?: number;
  pickup?: boolean;
  pieces?: number;
  goods?: string;
  status?: TaskView['task']['status'];
  attempts?: number;
}

export function taskView(given: Given, sequence: number): TaskView {
  const kind = given.pickup ? 'pickup' : 'delivery';
  const id = derive('task', kind, given.waybill);
  const parcel = derive('parcel', given.waybill);
  const [text, community, building, unit, room] = given.address;
  const [start, end] = given.window ?? [18, 138];
  return {
    task: {
      id,
      station: STATION,
      kind,
      parcel,
      customer: derive('customer', given.name),
      merchant: '海蓝优选',
      reference: `HL-${given.waybill.slice(-6)}`,
      address: { text, community, building, unit, room, lng_e7: null, lat_e7: null },
      status: given.status ?? 'assigned',
      courier: COURIER,
      sequence,
      window_start: NOW + start * MINUTE,
      window_end: NOW + end * MINUTE,
      outcome: null,
      cancelled: null,
      attempts: given.attempts ?? 0,
      notes: [],
      touched: {},
    },
    parcel: {
      id: parcel,
      waybill: given.waybill,
      pieces: given.pieces ?? 1,
      weight_g: 1200,
      goods: given.goods ?? null,
      scans: 0,
      last_scan: null,
    },
    customer: {
      id: derive('customer', given.name),
      name: given.name,
      phone: given.phone ?? '13812345678',
      language: null,
      consents: [],
      requests: (given.requests ?? []).map(([kind, words, more], at) => ({
        id: derive('request', given.waybill, String(at)),
        kind,
        text: words,
        active: true,
        scope: 'always' as const,
        address: null,
        task: null,
        weekdays: [],
        source: 'order' as const,
        state: 'accepted' as const,
        valid_from: null,
        valid_until: null,
        ...more,
      })),
    },
    obligation: given.cod
      ? { id, task: id, amount_minor: given.cod, currency: 'CNY', status: 'due', collected: null }
      : null,
    conflict: null,
    rev: 1,
    state: 'confirmed',
    fresh: [],
  };
}

const given: Given[] = [
  {
    waybill: 'SF1428805599012',
    name: '王小明',
    address: ['北京市朝阳区望京西路48号望京花园3号楼2单元1102', '望京花园', '3号楼', '2单元', '1102'],
    window: [-42, 28],
    requests: [['call_first', '到楼下前10分钟打电话，家里有小孩在睡觉']],
    cod: 12_800,
    pieces: 2,
    goods: '奶粉',
  },
  {
    waybill: 'SF1428805599020',
    name: '王小明',
    address: ['北京市朝阳区望京西路48号望京花园3号楼2单元1102', '望京花园', '3号楼', '2单元', '1102'],
    window: [-42, 28],
  },
  {
    waybill: 'SF1428805600385',
    name: 'Jonathan Applegate',
    phone: '+86 139 1111 2222',
    address: ['北京市朝阳区阜通东大街6号方恒国际中心A座1708', '方恒国际中心', 'A座', null, '1708'],
    requests: [
      ['leave_at_reception', 'Leave at the front desk on weekdays'],
      ['weekdays_only', 'Office closed at weekends'],
    ],
  },
  {
    waybill: 'SF1428805600741',
    name: '欧阳青青',
    address: ['北京市朝阳区广顺南大街16号院2号楼', null, null, null, null],
    window: [-102, -12],
    requests: [['no_ring', '宝宝在家，请勿按门铃']],
  },
  {
    waybill: 'YT7786120044519',
    name: '李静',
    address: ['北京市朝阳区利泽中园106号楼', '利泽中园', '106号楼', null, '305'],
    pickup: true,
    pieces: 3,
    goods: '样品',
  },
  {
    waybill: 'SF1428805601126',
    name: '赵磊',
    address: ['北京市朝阳区宏泰东街5号绿地中心B座', '绿地中心', 'B座', null, '2201'],
    requests: [
      ['fragile', '玻璃器皿'],
      ['id_check', ''],
    ],
    cod: 356_050,
  },
  {
    waybill: 'SF1428805601444',
    name: '孙',
    address: ['北京市朝阳区花家地南街甲8号', '花家地南里', '甲8号', '1单元', '601'],
    attempts: 1,
  },
  {
    waybill: 'SF1428805601777',
    name: '周晓',
    address: ['北京市朝阳区来广营西路', '融科橄榄城', '12号楼', '1单元', '902'],
    requests: [['other', '请放门口鞋柜上，不要敲门']],
  },
  {
    waybill: 'YT7786120044601',
    name: '星辰设计工作室',
    address: ['北京市朝阳区酒仙桥路2号798艺术区D区', '798艺术区', 'D区', null, 'D08'],
    pickup: true,
  },
];

export function aDay(status: TaskView['task']['status'] = 'out_for_delivery'): TaskView[] {
  return given.map((one, at) => taskView({ status: one.pickup ? 'assigned' : status, ...one }, at + 1));
}

export function aHugeDay(): TaskView[] {
  return Array.from({ length: 400 }, (_, at) => {
    const base = given[at % given.length] as Given;
    const building = `${(at % 30) + 1}号楼`;
    return taskView(
      {
        ...base,
        waybill: `SF14288${String(10_000_000 + at * 37)}`,
        status: base.pickup ? 'assigned' : 'out_for_delivery',
        address: [
          `北京市朝阳区望京第${Math.floor(at / 2)}区${building}`,
          `望京第${Math.floor(at / 2)}区`,
          building,
          '1单元',
          String(100 + at),
        ],
      },
      at + 1,
    );
  });
}
