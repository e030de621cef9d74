/** Rows for tests, named by what they are. */
import type { Stamp } from '../../../pwa/dispatch/operations';
import type { CourierRow, DeviceRow, TaskRow } from '../../../pwa/dispatch/types';

export const NOON = Date.UTC(2026, 10, 21, 4);
export const HOUR = 3_600_000;
export const LIANG = { id: 'liang', name: '阿良' };
export const BEI = { id: 'bei', name: 'Bei' };

export function task(id: string, over: Partial<TaskRow> = {}): TaskRow {
  return {
    id,
    rev: 3,
    kind: 'delivery',
    status: over.courier === null ? 'created' : 'assigned',
    waybill: `SF${id.padStart(10, '0')}`,
    merchant: '测试商家',
    reference: `R-${id}`,
    courier: LIANG,
    sequence: null,
    window_start: NOON,
    window_end: NOON + 2 * HOUR,
    contact: { name: '王**', phone: '138******78' },
    address: '示例小区 3号楼 ***',
    cod: null,
    requests: 0,
    attempts: 0,
    conflict: null,
    outcome: null,
    updated_at: NOON,
    ...over,
  };
}

export function courier(id: string, over: Partial<CourierRow> = {}): CourierRow {
  return {
    id,
    name: id,
    total: 10,
    done: 4,
    left: 5,
    problems: 1,
    last_heard: NOON,
    shift: { status: 'open', started_at: NOON - 4 * HOUR },
    devices: 1,
    waiting: 0,
    plan: { total: 10, done: 4, next_window_end: null, late: 0 },
    position: null,
    ...over,
  };
}

/** A stamp with a small generator of its own, so that every id is new and every run the same. */
export function device(id: string, over: Partial<DeviceRow> = {}): DeviceRow {
  return {
    id,
    label: null,
    user: LIANG,
    enrolled_at: NOON,
    last_heard: null,
    revoked_at: null,
    app: null,
    head_seq: 0,
    incarnation: null,
    state: 'working',
    login_since: null,
    login_until: null,
    shift: null,
    since: null,
    recorded: 0,
    confirmed: 0,
    waiting: null,
    refused: 0,
    releasable: 0,
    lost: 0,
    lost_case: null,
    skew_ms: null,
    ...over,
  };
}

export function stamp(now = NOON): Stamp {
  let state = 1;
  const byte = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  };
  return { now, random: (size) => Uint8Array.from({ length: size }, byte) };
}
