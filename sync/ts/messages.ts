/**
 * Messages of a station to its couriers: who is meant, on whose handheld it has arrived, who has read it. Both are told by the
 * courier's own handheld, as facts: what a server has sent off is no proof that anybody has it.
 */
import type { Envelope, MessageRecord } from './records';
import { idOf } from './values';

const READ = 'message.read';

/** The message; sent a second time it stays what it was. */
export function sent(record: MessageRecord | null, op: Envelope): MessageRecord {
  if (record !== null) return record;
  const { station, text, task, to } = op.payload as {
    station: string;
    text: string;
    task: string | null;
    to: string[];
  };
  return {
    id: idOf(op.entity),
    station,
    author: op.author,
    text,
    task,
    at: op.at,
    readers: [...new Set(to)].map((courier) => ({ courier, received_at: null, read_at: null })),
  };
}

/**
 * The message after one of its readers has received or read it, each for the first time. Who has read it has received it.
 * Somebody it was not for changes nothing.
 */
export function heard(record: MessageRecord | null, op: Envelope): MessageRecord | null {
  const reader = record?.readers.find(({ courier }) => courier === op.author);
  if (record === null || reader === undefined) return record;
  const received_at = reader.received_at ?? op.at;
  const read_at = reader.read_at ?? (op.type === READ ? op.at : null);
  if (received_at === reader.received_at && read_at === reader.read_at) return record;
  const after = { ...reader, received_at, read_at };
  return { ...record, readers: record.readers.map((one) => (one === reader ? after : one)) };
}
