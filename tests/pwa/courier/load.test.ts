import { describe, expect, it } from 'vitest';
import { leaving, loadCheck, outForDelivery } from '../../../pwa/courier/load/model';
import type { Envelope, ScanVerdict } from '../../../pwa/engine';
import { aDay } from '../preview/fixtures';
import { cancelled, scanned, withOutcome } from './cases';

let next = 0;
const scan = (waybill: string, verdict: ScanVerdict): Envelope =>
  ({ op_id: `op${next++}`, type: 'parcel.scanned', payload: { waybill, verdict }, at: next }) as unknown as Envelope;
const corrected = (op: Envelope): Envelope =>
  ({ op_id: `op${next++}`, type: 'operation.corrected', payload: { corrects: op.op_id } }) as unknown as Envelope;

describe('the load check', () => {
  const day = aDay('assigned');
  const expected = day.filter((view) => view.task.kind === 'delivery').length;

  it('names what is missing, in the order of the route', () => {
    const check = loadCheck(
      day.map((view, at) => (at === 0 ? scanned(view) : view)),
      [],
    );
    expect([check.expected.length, check.scanned.length, check.missing.length]).toEqual([expected, 1, expected - 1]);
    expect(check.missing[0]?.parcel.waybill).toBe('SF1428805599020');
    expect(leaving(check)).toBe('ask');
  });
  it('expects neither pickups, nor what was cancelled, nor what is already out or done', () => {
    const some = day.map((view, at) =>
      at === 0 ? cancelled(view) : at === 1 ? withOutcome(view, 'delivered') : scanned(view),
    );
    expect(loadCheck(some, []).expected).toHaveLength(expected - 2);
    expect(leaving(loadCheck(some, []))).toBe('all');
    expect(leaving(loadCheck(aDay('out_for_delivery'), []))).toBe('nothing');
  });
  it('says what does not belong here, each once, and not what was taken back', () => {
    const slip = scan('ZT4', 'unknown');
    const check = loadCheck(day, [
      scan('ZT1', 'other_route'),
      scan('ZT2', 'recalled'),
      scan('ZT1', 'other_route'),
      slip,
      corrected(slip),
      scan('SF1428805599012', 'mine'),
    ]);
    expect(check.surplus.map((one) => one.waybill)).toEqual(['ZT1', 'ZT2']);
    expect(check.last.map((one) => one.waybill)).toEqual(['SF1428805599012', 'ZT1', 'ZT2', 'ZT1']);
  });
  it('takes a parcel that was assigned after it was scanned for no surplus', () => {
    expect(loadCheck(day, [scan('SF1428805599012', 'unknown')]).surplus).toEqual([]);
  });
  it('sends out what is asked for', () => {
    expect(outForDelivery(loadCheck(day, []).expected)).toHaveLength(expected);
    expect(outForDelivery(day)[0]).toEqual({
      type: 'task.out_for_delivery',
      entity: `task:${day[0]?.task.id}`,
      payload: {},
    });
  });
});
