import { describe, expect, it } from 'vitest';
import {
  againstReceipt,
  againstTaking,
  badgeOf,
  codeOf,
  collect,
  framesOf,
  given,
  offerOf,
  receiptOf,
  settledBy,
  strange,
  taken,
  type Code,
  type Collected,
  type Here,
  type Offer,
} from '../../../pwa/courier/handover/model';
import type { Identity, ShiftView, TaskView } from '../../../pwa/engine';
import { COURIER, NOW, STATION, taskView } from '../preview/fixtures';
import { withOutcome } from './cases';

const HOUR = 3_600_000;
const BEI = 'be1be1be-0000-7000-8000-000000000000';

const shift = (started_at: number): ShiftView => ({
  id: 's',
  entity: 'shift:s',
  status: 'open',
  started_at,
  closed_at: null,
  cash_minor: 0,
});
const here = (id: string, name: string, tasks: TaskView[], more: Partial<Here> = {}): Here => {
  const user = { id, name, lang: 'zh' as const };
  const station = { id: STATION, code: 'HZ01', name: '杭州西湖站', timezone: 'Asia/Shanghai' };
  const me: Identity = { device: `device of ${name}`, user, station, loggedIn: true };
  return { me, shift: shift(NOW - 2 * HOUR), now: NOW, tasks, ...more };
};
const task = (n: number, more: object = {}): TaskView =>
  taskView(
    {
      waybill: `SF100${n}`,
      name: '王芳',
      address: [`文三路 ${n} 号`, '文三小区', '3', '2', '501'],
      requests: [['no_ring', '宝宝在睡觉']],
      ...more,
    },
    n,
  );

const tasks = [task(1, { cod: 12_850 }), task(2), task(3, { status: 'arrived' })];
const giver = here(COURIER, '阿良', tasks);
const bei = here(BEI, 'Bei', []);
const offer = offerOf(giver, tasks);

/** From screen to screen, in the wrong order and in small letters. */
function across(code: Code): Code | 'unreadable' {
  const seen = [...framesOf(code)]
    .reverse()
    .reduce<Collected | null>((so, one) => collect(so, one.toLowerCase()), null);
  return codeOf(seen!);
}

describe('what goes from screen to screen', () => {
  it('has all the door needs: address, requests, money, window, number; and is taken in several codes', () => {
    expect(framesOf(offer).length).toBeGreaterThan(1);
    const read = across(offer) as Offer;
    expect(read).toMatchObject({ kind: 'offer', station: STATION, at: NOW, by: { id: COURIER, name: '阿良' } });
    const [row] = read.rows;
    const { task: was, parcel, customer } = tasks[0]!;
    expect(row?.task).toEqual({ ...was, reference: '', sequence: null });
    expect([row?.parcel, row?.customer]).toEqual([{ ...parcel, goods: null }, customer]);
    expect(row?.obligation).toMatchObject({ amount_minor: 12_850, currency: 'CNY', status: 'due', task: was.id });
    expect(read.rows.map((one) => one.task.status)).toEqual(['assigned', 'assigned', 'arrived']);
  });
  it('leaves out what the door does not need', () => {
    const [one] = tasks;
    const noted = { op_id: 'n', text: '内部备注', author: 'd', at: NOW };
    const proposed = { ...one!.customer.requests[0]!, id: 'p', state: 'proposed' as const };
    const marketing = { id: 'm', kind: 'marketing' as const, given: true, source: 'csr' as const, note: 'x', at: NOW };
    const locker = { ...marketing, id: 'l', kind: 'locker' as const, v: 2, author: 'c' };
    const full = {
      ...one!,
      task: { ...one!.task, notes: [noted], pin_required: true },
      pin: { salt: 'ab', iterations: 1000, digest: 'cd' },
      customer: { ...one!.customer, requests: [proposed], consents: [{ ...marketing, author: 'c' }, locker] },
    };
    const [row] = (across(offerOf(giver, [full])) as Offer).rows;
    expect([row?.task.notes, row?.customer.requests]).toEqual([[], []]);
    expect(row?.customer.consents).toEqual([{ ...locker, note: null, author: '' }]);
    expect([row?.task.pin_required, row?.pin]).toEqual([true, full.pin]);
  });
  it('is nothing when it is a waybill, another series, or not whole', () => {
    expect(collect(null, 'SF1428805599012')).toBeNull();
    expect(collect(null, framesOf(offer)[0]!.replace('DSH', 'DSR'))).toBeNull();
    const broken = framesOf(offer).map((code, at) => (at === 0 ? `${code.slice(0, -4)}AAAA` : code));
    expect(codeOf(broken.reduce<Collected | null>((so, one) => collect(so, one), null)!)).toBe('unreadable');
    expect(across({ ...offer, rows: [] })).toBe('unreadable');
    expect(across({ ...offer, kind: 'other' } as unknown as Code)).toBe('unreadable');
  });
});

describe('taking', () => {
  it('takes a colleague’s of this station and this shift, and says whose it was', () => {
    expect(againstTaking(offer, bei)).toBeNull();
    expect(taken(offer.rows, COURIER)[0]).toEqual({
      type: 'task.taken_over',
      entity: `task:${tasks[0]!.task.id}`,
      payload: { from: COURIER, kind: 'delivery', waybill: 'SF1001' },
    });
  });
  it('refuses each other code with its own reason', () => {
    expect(againstTaking(offer, giver)).toBe('own');
    expect(againstTaking({ ...offer, station: 'elsewhere' }, bei)).toBe('station');
    expect(againstTaking({ ...offer, at: NOW - 13 * HOUR }, bei)).toBe('old');
    expect(againstTaking({ ...offer, at: NOW - 4 * HOUR }, bei)).toBe('old');
    expect(againstTaking({ ...offer, at: NOW - 2.5 * HOUR }, bei)).toBeNull();
    expect(againstTaking({ ...offer, at: NOW - 4 * HOUR }, { ...bei, shift: null })).toBeNull();
    expect(againstTaking(offer, { ...bei, tasks })).toBe('twice');
    expect(againstTaking(offer, { ...bei, tasks: tasks.slice(1) })).toBeNull();
    expect(strange(badgeOf(bei), bei)).toBe('own');
  });
});

describe('the receipt', () => {
  const receipt = receiptOf(offer, { ...bei, tasks: tasks.slice(1) });

  it('names what was taken, so that the giver sees what was not', () => {
    const read = across(receipt);
    expect(read).toEqual(receipt);
    const { gone, kept } = settledBy(receipt, tasks, offer);
    expect([gone, kept].map((list) => list.map((view) => view.parcel.waybill))).toEqual([
      ['SF1002', 'SF1003'],
      ['SF1001'],
    ]);
    expect(given(gone, BEI)[0]?.payload).toEqual({ to: BEI });
  });
  it('does not take from the list what is done meanwhile', () => {
    const later = [tasks[0]!, withOutcome(tasks[1]!, 'delivered'), tasks[2]!];
    expect(settledBy(receipt, later, offer).gone).toEqual([tasks[2]]);
  });
  it('counts for what is shown, once, from somebody else', () => {
    expect(againstReceipt(receipt, giver, offer)).toBeNull();
    expect(againstReceipt(receipt, bei, offer)).toBe('own');
    expect(againstReceipt({ ...receipt, giver: 'c' }, giver, offer)).toBe('other');
    expect(againstReceipt(receipt, giver, offerOf(giver, tasks.slice(0, 1)))).toBe('other');
    expect(againstReceipt(receipt, { ...giver, tasks: tasks.slice(0, 1) }, offer)).toBe('twice');
  });
});
