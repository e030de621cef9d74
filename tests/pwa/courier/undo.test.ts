import { describe, expect, it } from 'vitest';
import { UNDO_MS, undoables } from '../../../pwa/courier/outbox/undo';
import type { Envelope } from '../../../pwa/engine';

const NOW = 1_763_700_000_000;
let seq = 0;
const op = (type: string, entity: string, ago: number, payload = {}): Envelope =>
  ({ op_id: `op${(seq += 1)}`, seq, type, entity, at: NOW - ago, boot: 'b', payload }) as unknown as Envelope;
const types = (list: Envelope[], now = NOW): string[] => undoables(list, now).map((one) => one.type);

describe('what can be taken back', () => {
  it('is what was done within the window, the newest press first', () => {
    const list = [
      op('task.delivered', 'task:a', UNDO_MS + 1_000),
      op('parcel.scanned', 'parcel:b', 90_000, { waybill: 'SF1' }),
      op('task.attempt_failed', 'task:c', 60_000),
    ];
    expect(undoables(list, NOW).map(({ type, waybill }) => [type, waybill])).toEqual([
      ['task.attempt_failed', null],
      ['parcel.scanned', 'SF1'],
    ]);
  });
  it('takes a sign-off and its money back together, and a whole load by one press', () => {
    const paid = op('payment.collected', 'obligation:a', 20_000);
    const signed = op('task.delivered', 'task:a', 19_999);
    const [press] = undoables([paid, signed], NOW);
    expect(press).toMatchObject({ type: 'task.delivered', n: 1, operations: [paid, signed] });
    const load = [1, 2, 3].map((n) => op('task.out_for_delivery', `task:${n}`, 9_000));
    expect(undoables(load, NOW)).toMatchObject([{ type: 'task.out_for_delivery', n: 3 }]);
  });
  it('never takes two scans for one press', () => {
    expect(types([op('parcel.scanned', 'parcel:a', 5_000), op('parcel.scanned', 'parcel:b', 4_900)])).toHaveLength(2);
  });
  it('goes back one by one: not what something later rests on', () => {
    const arrived = op('task.arrived', 'task:a', 40_000);
    const signed = op('task.delivered', 'task:a', 20_000);
    expect(types([arrived, signed])).toEqual(['task.delivered']);
    const undone = op('operation.corrected', 'task:a', 10_000, { corrects: signed.op_id });
    expect(types([arrived, signed, undone])).toEqual(['task.arrived']);
  });
  it('is not kept from it by a note or a call', () => {
    const signed = op('task.delivered', 'task:a', 20_000);
    expect(types([signed, op('task.noted', 'task:a', 9_000), op('task.called', 'task:a', 5_000)])).toEqual([
      'task.noted',
      'task.delivered',
    ]);
  });
  it('is neither a shift nor a correction', () => {
    expect(types([op('shift.started', 'shift:s', 1_000), op('shift.closed', 'shift:s', 500)])).toEqual([]);
  });
});
