/** Messages to couriers as the desk makes and reads them. */
import { describe, expect, it } from 'vitest';
import {
  countOf,
  hearingOf,
  joined,
  lackOf,
  namedIn,
  readersInOrder,
  sent,
} from '../../../pwa/dispatch/messages/model';
import type { Message, Reader } from '../../../pwa/dispatch/messages/types';
import type { CourierRow } from '../../../pwa/dispatch/types';

const reader = (name: string, received_at: number | null, read_at: number | null): Reader => ({
  courier: { id: name, name },
  received_at,
  read_at,
});
const READERS = [reader('a', 1, 2), reader('b', 1, null), reader('c', null, null)];
const message = (id: string, at: number): Message => ({
  id,
  at,
  author: { id: 'd', name: '多拉' },
  text: id,
  task: null,
  waybill: null,
  readers: [],
});

describe('messages to couriers', () => {
  it('who has not heard comes first, and who has read it has it', () => {
    expect(READERS.map(hearingOf)).toEqual(['read', 'received', 'waiting']);
    expect(readersInOrder(READERS).map((one) => one.courier.id)).toEqual(['c', 'b', 'a']);
    expect(countOf({ readers: READERS })).toEqual({ of: 3, received: 2, read: 1 });
  });
  it('nothing, too much and to nobody is not sent', () => {
    const letter = { to: ['a'], task: null, text: '走东门' };
    expect(lackOf(letter)).toBeNull();
    expect(lackOf({ ...letter, text: ' \n' })).toBe('text');
    expect(lackOf({ ...letter, text: '𠮷'.repeat(500) })).toBeNull();
    expect(lackOf({ ...letter, text: '𠮷'.repeat(501) })).toBe('long');
    expect(lackOf({ ...letter, to: [] })).toBe('to');
  });
  it('is an operation that names everybody it is for', () => {
    const stamp = { now: 1_763_700_000_000, random: (size: number) => new Uint8Array(size) };
    const { type, entity, payload } = sent(stamp, 'station', { to: ['a', 'b'], task: null, text: ' 走东门\n' });
    expect([type, entity.slice(0, 8)]).toEqual(['message.sent', 'message:']);
    expect(payload).toEqual({ station: 'station', to: ['a', 'b'], task: null, text: '走东门' });
  });
  it('an address chooses couriers there are', () => {
    const couriers = [{ id: 'a' }, { id: 'b' }] as CourierRow[];
    expect(namedIn({ to: 'b,x' }, couriers)).toEqual(['b']);
    expect(namedIn({}, couriers)).toEqual([]);
  });
  it('older pages stay when the newest is read again', () => {
    const held = [message('b', 2), message('a', 1)];
    expect(joined([message('c', 3), message('b', 2)], held).map((one) => one.id)).toEqual(['c', 'b', 'a']);
    expect(joined([], held)).toEqual([]);
  });
});
