/** Messages to couriers: to whom, about what, and who has heard them. Pure. */
import { made, type Operation, type Stamp, uuid7 } from '../operations';
import type { CourierRow } from '../types';
import type { Message, Reader } from './types';

/** Characters of a message; the server takes no more. */
export const LONGEST = 500;

export interface Letter {
  to: readonly string[];
  task: string | null;
  text: string;
}

/** What still keeps a letter from being sent, as the end of a word key; null when nothing does. */
export function lackOf(letter: Letter): 'to' | 'text' | 'long' | null {
  if (letter.text.trim() === '') return 'text';
  if ([...letter.text.trim()].length > LONGEST) return 'long';
  return letter.to.length === 0 ? 'to' : null;
}

export function sent(stamp: Stamp, station: string, { to, task, text }: Letter): Operation {
  return made(stamp, `message:${uuid7(stamp)}`, 'message.sent', { station, to, task, text: text.trim() });
}

export type Hearing = 'read' | 'received' | 'waiting';

export function hearingOf(reader: Reader): Hearing {
  if (reader.read_at !== null) return 'read';
  return reader.received_at === null ? 'waiting' : 'received';
}

/** How many have it, and how many have read it; who has read it has it. */
export function countOf(message: Pick<Message, 'readers'>): { of: number; received: number; read: number } {
  const hearings = message.readers.map(hearingOf);
  const read = hearings.filter((one) => one === 'read').length;
  return { of: hearings.length, received: read + hearings.filter((one) => one === 'received').length, read };
}

const ORDER: Record<Hearing, number> = { waiting: 0, received: 1, read: 2 };

/** Whom somebody may have to call comes first. */
export function readersInOrder(readers: readonly Reader[]): Reader[] {
  return [...readers].sort((a, b) => ORDER[hearingOf(a)] - ORDER[hearingOf(b)]);
}

/** The couriers an address names, of those there are. */
export function namedIn(own: Readonly<Record<string, string>>, couriers: readonly CourierRow[]): string[] {
  const named = new Set((own['to'] ?? '').split(','));
  return couriers.filter((row) => named.has(row.id)).map((row) => row.id);
}

/** Pages read anew lie over the older ones that were asked for. */
export function joined(fresh: readonly Message[], held: readonly Message[]): Message[] {
  const known = new Set(fresh.map((message) => message.id));
  const last = fresh.at(-1);
  const older = last === undefined ? [] : held.filter((one) => !known.has(one.id) && one.at <= last.at);
  return [...fresh, ...older];
}
