/** What is said in tests: orders and plans as the desk says them, operations as a courier does, and the names of both. */
import type { Draft } from '../../pwa/engine';
import { derive } from '../../sync/ts/canonical';
import type { Envelope, JsonObject } from '../../sync/ts/records';
import { OPERATIONS } from '../../sync/ts/tables';

export const NOW = 1_763_700_000_000;
export const STATION = {
  id: '11111111-1111-4111-8111-111111111111',
  code: 'SHA1',
  name: 'Shanghai 1',
  timezone: 'Asia/Shanghai',
};
export const COURIER = { id: '22222222-2222-4222-8222-222222222222', name: 'Li Wei', lang: 'zh' as const };
export const DISPATCHER = '33333333-3333-4333-8333-333333333333';
export const DEVICE = '44444444-4444-4444-8444-444444444444';

export function order(kind: string, waybill: string, cod: number): JsonObject {
  return {
    kind,
    merchant: 'shop',
    reference: waybill,
    waybill,
    pieces: 1,
    weight_g: 500,
    goods: null,
    customer: { id: derive('customer', STATION.id, waybill), name: '王芳', phone: '13800001111' },
    address: {
      text: '人民路1号',
      community: null,
      building: null,
      unit: null,
      room: '301',
      lng_e7: null,
      lat_e7: null,
    },
    window_start: NOW,
    window_end: NOW + 7_200_000,
    cod_minor: cod,
    currency: 'CNY',
    requests: [],
    courier: null,
    sequence: null,
    import: null,
  };
}

export function deskOperation(
  id: string,
  type: string,
  entity: string,
  payload: JsonObject,
  base: JsonObject,
  at: number,
): Envelope {
  const op_id = derive('test', id);
  const none = { device: null, incarnation: null, seq: null, prev: null, mono: null, boot: null, base_rev: null };
  return {
    ...none,
    op_id,
    type,
    v: OPERATIONS[type]?.v ?? 1,
    author: DISPATCHER,
    app: 'test',
    entity,
    base,
    payload,
    blobs: [],
    at,
  };
}

export const delivered = (task: string, payload: JsonObject = {}): Draft => ({
  type: 'task.delivered',
  entity: `task:${task}`,
  payload: { recipient: 'self', recipient_name: null, signature: null, photos: [], consent: null, ...payload },
});

export const paid = (task: string, amount: number): Draft => ({
  type: 'payment.collected',
  entity: `obligation:${task}`,
  payload: { task, amount_minor: amount, currency: 'CNY', method: 'cash' },
});

export const noted = (task: string, text: string): Draft => ({
  type: 'task.noted',
  entity: `task:${task}`,
  payload: { text },
});

export const scanned = (waybill: string): Draft => ({
  type: 'parcel.scanned',
  entity: `parcel:${derive('parcel', waybill)}`,
  payload: { code: waybill, waybill, source: 'wedge', verdict: 'mine', task: derive('task', 'delivery', waybill) },
});
