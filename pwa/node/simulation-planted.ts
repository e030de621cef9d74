/**
 * Bugs on purpose (make simulate BUG=...): what an app would do to its queue that breaks one rule each. They wrap the transport
 * of the simulated handheld and reach past it into the storage; nothing of this is part of the product.
 */
import { gunzipSync, gzipSync } from 'fflate';

import type { HttpAnswer, HttpRequest } from '../platform';
import { forget } from './simulation-storage';

type Transport = (request: HttpRequest) => Promise<HttpAnswer>;
type Storage = () => { factory: IDBFactory; name: string };
type Bug = (send: Transport, storage: Storage) => Transport;

interface Sent {
  op_id: string;
  incarnation: string;
  seq: number;
}

const QUEUE = ['outbox', 'journal'];

export const BUGS: Record<string, Bug> = {
  // P16: an id belongs to what was done, not to an attempt to send it.
  'new-id-on-retry': (send) => {
    const tried = new Map<string, string>();
    const renamed = (op: Sent): Sent => {
      const place = `${op.incarnation}/${op.seq}`;
      const again = tried.has(place);
      tried.set(place, again ? `${op.op_id.slice(0, -4)}${hex4(tried.size)}` : op.op_id);
      return { ...op, op_id: tried.get(place) as string };
    };
    return async (request) => {
      const message = unpacked(request);
      if (!message?.push) return send(request);
      const original = message.push.operations;
      const operations = original.map(renamed);
      const changed = { ...message, push: { ...message.push, operations } };
      const answer = await send(packed(request, changed));
      const back = new Map(operations.map((op, i) => [op.op_id, original[i]?.op_id]));
      return answered(answer, (results) =>
        results.map((result) => ({ ...result, op_id: back.get(result.op_id) ?? result.op_id })),
      );
    };
  },
  // P11: an answer is about what was sent, not about what was recorded meanwhile.
  'queue-cleared-whole': (send, storage) => async (request) => {
    const answer = await send(request);
    if (sentBy(request).length && answer.status === 200) {
      QUEUE.forEach((store) => forget(storage().factory, storage().name, store));
    }
    return answer;
  },
  // P11: a login that has run out takes nothing with it.
  'wipe-on-401': (send, storage) => async (request) => {
    const answer = await send(request);
    if (answer.status === 401) QUEUE.forEach((store) => forget(storage().factory, storage().name, store));
    return answer;
  },
  // P18: a refused request says nothing about the operations in it.
  'drop-on-4xx': (send, storage) => async (request) => {
    const answer = await send(request);
    const gone = sentBy(request).map((op) => op.op_id);
    if (answer.status >= 400 && answer.status < 500) {
      QUEUE.forEach((store) => forget(storage().factory, storage().name, store, gone));
    }
    return answer;
  },
  // P17: one bad operation holds nobody else's up.
  'stop-at-poison': (send) => async (request) => {
    const answer = await send(request);
    if (resultsOf(answer).some((result) => result.status === 'quarantined')) throw new Error('stopped at a poison');
    return answer;
  },
};

interface Result {
  op_id: string;
  status: string;
}

function unpacked(request: HttpRequest): { push: { operations: Sent[] } | null } | null {
  if (!request.path.endsWith('/exchange') || !request.body) return null;
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(request.body) : request.body;
  return JSON.parse(new TextDecoder().decode(bytes)) as { push: { operations: Sent[] } | null };
}

function sentBy(request: HttpRequest): Sent[] {
  return unpacked(request)?.push?.operations ?? [];
}

function packed(request: HttpRequest, message: unknown): HttpRequest {
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  return { ...request, body: request.headers['content-encoding'] === 'gzip' ? gzipSync(bytes, { mtime: 0 }) : bytes };
}

function resultsOf(answer: HttpAnswer): Result[] {
  if (answer.status !== 200) return [];
  return (JSON.parse(new TextDecoder().decode(answer.body)) as { results?: Result[] }).results ?? [];
}

function answered(answer: HttpAnswer, change: (results: Result[]) => Result[]): HttpAnswer {
  if (answer.status !== 200) return answer;
  const body = JSON.parse(new TextDecoder().decode(answer.body)) as { results: Result[] };
  return { ...answer, body: new TextEncoder().encode(JSON.stringify({ ...body, results: change(body.results) })) };
}

function hex4(n: number): string {
  return (n & 0xffff).toString(16).padStart(4, '0');
}
