/** A rescue as a file and as a series of QR codes: in frames any scanner reads, and back. Pure. */
import { gunzipSync, gzipSync } from 'fflate';
import { sha256 } from '../../../sync/ts/sha256';
import type { RescueFile, SealedLog } from '../../engine';

/** Characters of a frame: a code of that many modules is read from a phone's screen at arm's length. */
const FRAME = 440;
const HEAD = 'DSR';
/** No character that a scanner's keyboard layout could change. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const MOST_FRAMES = 999;

export function fileText({ packages, proofs }: Omit<RescueFile, 'operations'>): string {
  return JSON.stringify({
    doorstep: 'rescue',
    v: 1,
    packages,
    proofs: proofs.map(({ bytes, ...proof }) => ({ ...proof, bytes: base64(bytes) })),
  });
}

/** null when it is no rescue file. */
export function fromFile(text: string): Omit<RescueFile, 'operations'> | null {
  try {
    const file = JSON.parse(text) as { doorstep?: string; packages?: unknown; proofs?: unknown };
    if (file.doorstep !== 'rescue' || !Array.isArray(file.packages)) return null;
    const packages = file.packages.filter(isSealed);
    const proofs = Array.isArray(file.proofs) ? (file.proofs as Record<string, unknown>[]).flatMap(proofOf) : [];
    return packages.length === file.packages.length ? { packages, proofs } : null;
  } catch {
    return null;
  }
}

function isSealed(one: unknown): one is SealedLog {
  const { body, seal } = (one ?? {}) as Record<string, unknown>;
  return typeof body === 'string' && typeof seal === 'string';
}

function proofOf(one: Record<string, unknown>): RescueFile['proofs'] {
  const { sha256, type, kind, entity, op_id, bytes } = one;
  if (![sha256, type, entity, op_id, bytes].every((value) => typeof value === 'string')) return [];
  const raw = Uint8Array.from(atob(bytes as string), (char) => char.charCodeAt(0));
  const known = kind === 'signature' ? ('signature' as const) : ('photo' as const);
  return [
    {
      sha256: sha256 as string,
      type: type as string,
      kind: known,
      entity: entity as string,
      op_id: op_id as string,
      bytes: raw,
    },
  ];
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * The sealed logs as frames: `DSR`, a mark of the whole (6), number and count (3 digits each), and a piece. Pictures do not go this
 * way: they stay on the handheld, or go in a file.
 */
export function framesOf(packages: readonly SealedLog[]): string[] {
  const packed = gzipSync(new TextEncoder().encode(JSON.stringify(packages)), { level: 9, mtime: 0 });
  const text = base32(packed);
  const mark = markOf(packed);
  const count = Math.ceil(text.length / FRAME);
  if (count > MOST_FRAMES) return [];
  const number = (value: number): string => String(value).padStart(3, '0');
  return Array.from(
    { length: count },
    (_, at) => `${HEAD}${mark}${number(at + 1)}${number(count)}${text.slice(at * FRAME, (at + 1) * FRAME)}`,
  );
}

export interface Collected {
  mark: string;
  count: number;
  pieces: ReadonlyMap<number, string>;
}

const SHAPE = new RegExp(`^${HEAD}([A-Z2-7]{6})(\\d{3})(\\d{3})([A-Z2-7]+)$`);

/** Takes a scanned code in; null when it is no frame. One of another rescue begins anew: it is what is held up now. */
export function collect(before: Collected | null, code: string): Collected | null {
  const [, mark, at, of, piece] = SHAPE.exec(code.trim().toUpperCase()) ?? [];
  if (!mark || !at || !of || !piece) return null;
  const [number, count] = [Number(at), Number(of)];
  if (number < 1 || number > count) return null;
  const same = before?.mark === mark && before.count === count;
  return { mark, count, pieces: new Map(same ? before.pieces : []).set(number, piece) };
}

/** Numbers not seen yet. */
export function missingOf({ count, pieces }: Collected): number[] {
  return Array.from({ length: count }, (_, at) => at + 1).filter((number) => !pieces.has(number));
}

/** The logs, once every frame is here; null when they do not make a whole. */
export function assembled(collected: Collected): SealedLog[] | null {
  if (missingOf(collected).length > 0) return null;
  const text = Array.from({ length: collected.count }, (_, at) => collected.pieces.get(at + 1)).join('');
  try {
    const packed = fromBase32(text);
    if (markOf(packed) !== collected.mark) return null;
    const packages = JSON.parse(new TextDecoder().decode(gunzipSync(packed))) as unknown;
    return Array.isArray(packages) && packages.every(isSealed) ? packages : null;
  } catch {
    return null;
  }
}

/** Tells one rescue from another, and a whole from pieces that do not belong together. */
function markOf(packed: Uint8Array): string {
  return base32(sha256(packed)).slice(0, 6);
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
