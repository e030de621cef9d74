/**
 * One text for one value, in both languages (P5, P16): what hashes, chains and derived ids rest on.
 *
 * The hash is an argument with a default: the synchronous one of this folder.
 */
import type { Envelope } from './records';
import { hex, sha256, utf8 } from './sha256';

export type Hash = (data: Uint8Array) => string;

export const MAX_DEPTH = 32;

/** The value has no canonical text; the message names the path and what is wrong there. */
export class NotCanonicalError extends Error {}

export const syncHash: Hash = (data) => hex(sha256(data));

export type Unclean = { path: string; what: 'number' | 'text' | 'depth' | 'key' | 'type' };

// NUL is refused with the lone surrogates: neither can be kept as text by every database Doorstep runs on.
// eslint-disable-next-line no-control-regex
const BAD_TEXT = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
// eslint-disable-next-line no-control-regex
const KEY = /^[\u0001-\u007f]*$/;

/** Every part that has no canonical text. A path joins keys and list positions with dots: `payload.photos.0`. */
export function* unclean(value: unknown, path = '', depth = 0): Generator<Unclean> {
  if (typeof value === 'string') {
    if (BAD_TEXT.test(value)) yield { path, what: 'text' };
  } else if (value === null || typeof value === 'boolean') {
    return;
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) yield { path, what: 'number' };
  } else if (typeof value !== 'object') {
    yield { path, what: 'type' };
  } else if (depth >= MAX_DEPTH) {
    yield { path, what: 'depth' };
  } else {
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value) && !KEY.test(key)) yield { path, what: 'key' };
      else yield* unclean(item, path ? `${path}.${key}` : key, depth + 1);
    }
  }
}

/** Keys sorted, no spaces, non-ASCII verbatim, integers only; absent and null are different. Throws NotCanonicalError. */
export function canonical(value: unknown): string {
  for (const { path, what } of unclean(value)) throw new NotCanonicalError(`${what} at ${path || 'the top'}`);
  return write(value);
}

export function sha256Hex(data: string | Uint8Array, hash: Hash = syncHash): string {
  return hash(typeof data === 'string' ? utf8(data) : data);
}

/** Hash of the whole envelope: the identity of what was said, beside op_id, the identity of who said it. */
export function bodyHash(envelope: Envelope, hash: Hash = syncHash): string {
  return sha256Hex(canonical(envelope), hash);
}

/** A UUID that everybody who knows the parts can name without asking (version 8, RFC variant). */
export function derive(...parts: string[]): string {
  const bytes = sha256(utf8(`doorstep/1\n${parts.join('\n')}`)).slice(0, 16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const digits = hex(bytes);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}

/**
 * A waybill number as it is compared: no ASCII white space, no hyphens, ASCII letters in upper case. Only ASCII is touched,
 * because the two languages do not agree on the case or the white space of anything else (P5).
 */
export function normalWaybill(code: string): string {
  return code.replace(/[ \t\n\r\f\v-]/g, '').replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/** Text of a value already known to be clean. Sorting is by UTF-16 code unit, which for ASCII keys is everybody's order. */
function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    const pairs = Object.keys(record)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${write(record[key])}`);
    return `{${pairs.join(',')}}`;
  }
  // String() writes -0 as 0, as JSON.stringify does.
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
