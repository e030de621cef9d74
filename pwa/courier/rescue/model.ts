/** A rescue as a file and as a series of QR codes: in frames any scanner reads, and back. Pure. */
import { gunzipSync, gzipSync } from 'fflate';
import type { RescueFile, SealedLog } from '../../engine';
import * as series from './frames';
import type { Collected } from './frames';

export { missingOf, type Collected } from './frames';

const HEAD = 'DSR';

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

/** The sealed logs as frames. Pictures do not go this way: they stay on the handheld, or go in a file. */
export function framesOf(packages: readonly SealedLog[]): string[] {
  const text = new TextEncoder().encode(JSON.stringify(packages));
  return series.framesOf(HEAD, gzipSync(text, { level: 9, mtime: 0 }));
}

/** Takes a scanned code in; null when it is no frame of a rescue. */
export function collect(before: Collected | null, code: string): Collected | null {
  return series.collect(HEAD, before, code);
}

/** The logs, once every frame is here; null when they do not make a whole. */
export function assembled(collected: Collected): SealedLog[] | null {
  const packed = series.bytesOf(collected);
  if (packed === null) return null;
  try {
    const packages = JSON.parse(new TextDecoder().decode(gunzipSync(packed))) as unknown;
    return Array.isArray(packages) && packages.every(isSealed) ? packages : null;
  } catch {
    return null;
  }
}
