/** Bytes as a series of QR codes that any scanner reads, in any order, and back. Pure. */
import { sha256 } from '../../../sync/ts/sha256';

/** Characters of a frame: a code of that many modules is read from a phone's screen at arm's length. */
const FRAME = 440;
/** No character that a scanner's keyboard layout could change. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const MOST_FRAMES = 999;

/**
 * `head` (three letters) says what it is; then a mark of the whole (6), number and count (3 digits each), and a piece. Nothing when
 * it is more than anybody would hold up.
 */
export function framesOf(head: string, bytes: Uint8Array): string[] {
  const text = base32(bytes);
  const mark = markOf(bytes);
  const count = Math.ceil(text.length / FRAME);
  if (count > MOST_FRAMES) return [];
  const number = (value: number): string => String(value).padStart(3, '0');
  return Array.from(
    { length: count },
    (_, at) => `${head}${mark}${number(at + 1)}${number(count)}${text.slice(at * FRAME, (at + 1) * FRAME)}`,
  );
}

export interface Collected {
  mark: string;
  count: number;
  pieces: ReadonlyMap<number, string>;
}

const SHAPE = /^([A-Z]{3})([A-Z2-7]{6})(\d{3})(\d{3})([A-Z2-7]+)$/;

/** Takes a scanned code in; null when it is no frame of this head. One of another whole begins anew: it is what is held up now. */
export function collect(head: string, before: Collected | null, code: string): Collected | null {
  const [, said, mark, at, of, piece] = SHAPE.exec(code.trim().toUpperCase()) ?? [];
  if (said !== head || !mark || !at || !of || !piece) return null;
  const [number, count] = [Number(at), Number(of)];
  if (number < 1 || number > count) return null;
  const same = before?.mark === mark && before.count === count;
  return { mark, count, pieces: new Map(same ? before.pieces : []).set(number, piece) };
}

/** Numbers not seen yet. */
export function missingOf({ count, pieces }: Collected): number[] {
  return Array.from({ length: count }, (_, at) => at + 1).filter((number) => !pieces.has(number));
}

/** The bytes, once every frame is here; null when they do not make a whole. */
export function bytesOf(collected: Collected): Uint8Array | null {
  if (missingOf(collected).length > 0) return null;
  const text = Array.from({ length: collected.count }, (_, at) => collected.pieces.get(at + 1)).join('');
  const bytes = fromBase32(text);
  return markOf(bytes) === collected.mark ? bytes : null;
}

/** Tells one whole from another, and from pieces that do not belong together. */
function markOf(bytes: Uint8Array): string {
  return base32(sha256(bytes)).slice(0, 6);
}

function base32(bytes: Uint8Array): string {
  let [text, held, bits] = ['', 0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const char of text) {
    held = (held << 5) | ALPHABET.indexOf(char);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 255);
    }
    held &= (1 << bits) - 1;
  }
  return Uint8Array.from(bytes);
}
