import { describe, expect, it } from 'vitest';
import {
  blockedBy,
  bringBack,
  closeShift,
  closing,
  markOf,
  tally,
  verdict,
  whyOf,
} from '../../../pwa/courier/close/model';
import type { Difference, Envelope, Receipt, ShiftView, SyncStatus } from '../../../pwa/engine';
import { aDay } from '../preview/fixtures';
import { cancelled, scanned, withOutcome } from './cases';

const status = (more: Partial<SyncStatus> = {}) =>
  ({ waiting: 0, proofsWaiting: 0, recorded: 3, confirmed: 3, allConfirmed: true, ...more }) as SyncStatus;
const shift = { entity: 'shift:s', status: 'open', started_at: 1, cash_minor: 12_800 } as ShiftView;
const differs = (...kinds: Difference['kind'][]): Difference[] =>
  kinds.map((kind, i) => ({
    kind,
    op_id: `op-${i}`,
    seq: i,
    type: 'task.noted',
    waybill: null,
    at: i,
    proofs: 0,
    earlier: false,
  }));
const receipt = (more: Partial<Receipt> = {}): Receipt => ({
  since: 1,
  recorded: 214,
  confirmed: 214,
  waiting: 0,
  parked: 0,
  differences: [],
  ...more,
});

describe('what stands in the way of closing the shift', () => {
  it.each([
    [{}, {}, null],
    [{}, { waiting: 3, confirmed: 211 }, 'waiting'],
    // Left over from before the shift, or of whoever used the phone before.
    [{}, { differences: differs('waiting') }, 'waiting'],
    [{ waiting: 1 }, {}, 'waiting'],
    [{ proofsWaiting: 1 }, { differences: differs('proofs') }, 'proofs'],
    [{ allConfirmed: false }, {}, 'unsure'],
    // Nothing the courier could do about these.
    [{}, { parked: 1, confirmed: 213, differences: differs('parked', 'apart', 'proofs_lost') }, null],
  ] as const)('case %#', (said, counted, blocked) => {
    expect(blockedBy(status(said), shift, receipt(counted as Partial<Receipt>))).toBe(blocked);
  });
  it('nothing is closed unread, and nothing that is not open', () => {
    expect(blockedBy(status(), shift, null)).toBe('waiting');
    expect(blockedBy(null, shift, receipt())).toBe('waiting');
    expect(blockedBy(status(), { ...shift, status: 'closed' }, receipt())).toBe('noShift');
    expect(blockedBy(null, null, null)).toBe('noShift');
  });
});

describe('the sentence under the counts', () => {
  const said = (about: Partial<SyncStatus>, counted: Partial<Receipt>) =>
    verdict(closing([], status(about), shift, receipt(counted)), status(about));
  it('agrees only when nothing differs', () => {
    expect(said({}, {})).toEqual({ key: 'agree', n: 0 });
    expect(said({}, { differences: differs('apart', 'parked') })).toEqual({ key: 'named', n: 2 });
  });
  it('says first what is still to be sent', () => {
    const both = differs('waiting', 'waiting', 'proofs');
    expect(said({ waiting: 2, proofsWaiting: 1 }, { differences: both })).toEqual({ key: 'waiting', n: 2 });
    expect(said({ proofsWaiting: 1 }, { differences: differs('proofs') })).toEqual({ key: 'proofs', n: 1 });
    expect(said({ allConfirmed: false }, {})).toEqual({ key: 'unsure', n: 0 });
  });
  it('marks what comes by itself otherwise than what does not', () => {
    const marks = differs('waiting', 'proofs', 'parked', 'apart', 'proofs_lost').map(markOf);
    expect(marks).toEqual(['saved', 'saved', 'needs_you', 'needs_you', 'needs_you']);
  });
});

it('hands in the counts of the shift, not those of the storage, and what is left', () => {
  const figures = closing(
    aDay().map((view, at) => (at === 0 ? cancelled(view) : view)),
    status(),
    shift,
    receipt({ recorded: 214, confirmed: 213, parked: 1 }),
  );
  expect(figures.left).toHaveLength(8);
  expect(figures.stopped).toHaveLength(1);
  expect(closeShift('shift:s', figures)).toEqual([
    {
      type: 'shift.closed',
      entity: 'shift:s',
      payload: { recorded: 214, confirmed: 213, waiting: 0, cash_minor: 12_800 },
    },
  ]);
});

describe('what is left, and why', () => {
  const out = aDay('out_for_delivery');
  it('tells what was never loaded from what was not tried', () => {
    const [loaded] = aDay('assigned');
    expect(whyOf(loaded!)).toBe('notLoaded');
    expect(whyOf(scanned(loaded!))).toBe('notOut');
    expect(whyOf(out[0]!)).toBe('notTried');
    expect(whyOf(cancelled(out[0]!))).toBe('stopped');
    expect(whyOf(out.find((view) => view.task.kind === 'pickup')!)).toBe('notFetched');
  });
  it('hands back what is in the van, and nothing that never was in it', () => {
    const day = out.map((view, at) =>
      at === 0 ? withOutcome(view, 'delivered') : at === 1 ? withOutcome(view, 'attempt_failed') : view,
    );
    const deliveries = day.filter((view) => view.task.kind === 'delivery').length;
    expect(bringBack(day)).toHaveLength(deliveries - 1);
    expect(bringBack(aDay('assigned'))).toEqual([]);
    expect(bringBack([cancelled(out[0]!), cancelled(scanned(out[2]!))])).toHaveLength(1);
    expect(tally([], day)).toMatchObject({ done: 0, left: day.length - 2, back: deliveries - 1 });
  });
  it('counts the last word on each task, and nothing that was taken back', () => {
    const op = (op_id: string, type: string, entity: string, payload = {}): Envelope =>
      ({ op_id, type, entity, payload }) as unknown as Envelope;
    const shift = [
      op('1', 'task.attempt_failed', 'task:a'),
      op('2', 'task.delivered', 'task:a'),
      op('3', 'task.delivered', 'task:b'),
      op('4', 'operation.corrected', 'task:b', { corrects: '3' }),
      op('5', 'task.held', 'task:c'),
      op('6', 'task.picked_up', 'task:d'),
    ];
    expect(tally(shift, [])).toEqual({ done: 2, failed: 1, left: 0, back: 0 });
  });
});
