/** How a server answers, and what it does with evidence: the answers of server/handheld/blobs.py. */
import { createHash } from 'node:crypto';

import type { HttpAnswer, HttpRequest } from '../../pwa/platform';

export function json(status: number, value: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, body: new Uint8Array(Buffer.from(JSON.stringify(value))) };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): HttpAnswer {
  return json(status, { type: 'about:blank', title: code, status, detail: code, code }, headers);
}

/** HEAD, PATCH or PUT of a blob (P33). */
export function takeBlob(
  store: { blobs: Map<string, Uint8Array>; parts: Map<string, Uint8Array> },
  sha: string,
  { method, headers }: HttpRequest,
  bytes: Uint8Array,
): HttpAnswer {
  const part = store.parts.get(sha) ?? new Uint8Array();
  const whole = store.blobs.get(sha);
  if (whole) return stands(200, whole.length, true);
  if (method === 'HEAD') return stands(200, part.length, false);
  if (method === 'PATCH' && Number(headers['upload-offset']) !== part.length) return problem(409, 'offset_mismatch');
  const now = method === 'PATCH' ? new Uint8Array(Buffer.concat([part, bytes])) : bytes;
  if (method === 'PATCH' && now.length < Number(headers['upload-length'])) {
    store.parts.set(sha, now);
    return stands(204, now.length, false);
  }
  if (method === 'PATCH') store.parts.delete(sha);
  if (createHash('sha256').update(now).digest('hex') !== sha) return problem(422, 'hash_mismatch');
  store.blobs.set(sha, now);
  return stands(201, now.length, true);
}

/** How far a blob is. */
function stands(status: number, offset: number, complete: boolean): HttpAnswer {
  const headers = { 'upload-offset': String(offset), 'upload-complete': complete ? '?1' : '?0' };
  return { status, headers, body: new Uint8Array() };
}
