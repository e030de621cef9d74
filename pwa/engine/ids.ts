/** UUIDs from given bytes: the engine has no randomness of its own. */
import { hex } from '../../sync/ts/sha256';

/** UUIDv7 (RFC 9562): 48 bits of `ms`, then ten random bytes. Sorts by time, which only makes logs pleasant. */
export function uuid7(ms: number, random: Uint8Array): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0').slice(-12);
  const bytes = Uint8Array.from(random.slice(0, 10));
  bytes[0] = ((bytes[0] as number) & 0x0f) | 0x70;
  bytes[2] = ((bytes[2] as number) & 0x3f) | 0x80;
  return dashed(time + hex(bytes));
}

/** UUIDv4 from sixteen random bytes. */
export function uuid4(random: Uint8Array): string {
  const bytes = Uint8Array.from(random.slice(0, 16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return dashed(hex(bytes));
}

function dashed(digits: string): string {
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}
