/** One request, one answer or one of two errors. Knows HTTP and problem documents, nothing of operations. */
import type { Context } from './context';
import { TakenOver } from './lock';
import type { HttpAnswer, HttpRequest } from './types';

/** No answer, a time-out, or somebody else's answer (the login page of a hotel): try again later. */
export class Unreachable extends Error {}

/** Our server (or something before it) said no. */
export class Refusal extends Error {
  constructor(
    public readonly status: number,
    public readonly code: string,
    /** From Retry-After, ms; null when the server did not say. */
    public readonly retryAfterMs: number | null,
  ) {
    super(`${status} ${code}`);
  }
}

export const EXCHANGE_TIMEOUT_MS = 30_000;
/** For at most 256 KiB: a piece that hangs holds up the operations as well. */
export const BLOB_TIMEOUT_MS = 90_000;
/** Smaller bodies gain nothing from gzip. */
const GZIP_FROM = 1_024;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Sends JSON, answers the decoded JSON object. */
export async function sendJson(
  ctx: Context,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { accept: 'application/json', ...credential(ctx) };
  let bytes: Uint8Array | null = null;
  if (method !== 'GET') {
    headers['content-type'] = 'application/json';
    bytes = encoder.encode(JSON.stringify(body));
    if (bytes.length >= GZIP_FROM) {
      bytes = await ctx.platform.gzip(bytes);
      headers['content-encoding'] = 'gzip';
    }
  }
  const answer = await perform(ctx, { method, path, headers, body: bytes }, EXCHANGE_TIMEOUT_MS);
  const value = decode(answer);
  if (value === null) throw new Unreachable('the answer is not ours');
  return value;
}

/** Sends a call that has no answer worth reading; `named` headers stand in for those of the identity. */
export async function sendNothing(
  ctx: Context,
  method: 'POST' | 'DELETE',
  path: string,
  named = credential(ctx),
): Promise<void> {
  await perform(
    ctx,
    { method, path, headers: { accept: 'application/json', ...named }, body: null },
    EXCHANGE_TIMEOUT_MS,
  );
}

/** Sends bytes as they are; what became of them stands in the answer's headers (P33). */
export async function sendBytes(ctx: Context, request: HttpRequest): Promise<HttpAnswer> {
  const headers = { accept: 'application/json', ...request.headers, ...credential(ctx) };
  return perform(ctx, { ...request, headers }, BLOB_TIMEOUT_MS);
}

async function perform(ctx: Context, request: HttpRequest, timeoutMs: number): Promise<HttpAnswer> {
  if (ctx.hold.lost) throw new TakenOver();
  const full = { ...request, path: ctx.options.baseUrl + request.path };
  let answer: HttpAnswer;
  try {
    answer = await within(ctx, timeoutMs, ctx.platform.fetch(full));
  } catch (error) {
    throw error instanceof Unreachable ? error : new Unreachable('no answer', { cause: error });
  }
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw refusal(answer, ctx.platform.now());
}

function refusal(answer: HttpAnswer, now: number): Refusal | Unreachable {
  const problem = decode(answer);
  // A redirect or an error page without our code comes from something between us and the server.
  if (answer.status < 400) return new Unreachable(`status ${answer.status}`);
  const code = typeof problem?.['code'] === 'string' ? problem['code'] : `http_${answer.status}`;
  return new Refusal(answer.status, code, retryAfter(answer.headers['retry-after'], now));
}

function credential(ctx: Context): Record<string, string> {
  if (!ctx.identity) return {};
  const { credential: own, session } = ctx.identity;
  // One from before there were logins says none; after logging out it has to, or its credential would still count as one.
  const login: Record<string, string> = session === undefined ? {} : { 'x-doorstep-session': session ?? 'none' };
  return { authorization: `Bearer ${own}`, ...login };
}

function decode(answer: HttpAnswer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(answer.body));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Seconds or an HTTP date. */
function retryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** The time-out lives on the injected timer, so that virtual time rules it. A late answer is dropped. */
function within<T>(ctx: Context, ms: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = ctx.platform.timers.set(ms, () => reject(new Unreachable('time-out')));
    work.then(resolve, reject).finally(() => ctx.platform.timers.clear(timer));
  });
}
