/**
 * What a scope holds in two numbers, so that a copy of it can be compared without sending it (P30): how many rows are present,
 * and the sum modulo 2^48 of a hash over entity and revision of each. Sums of two stay below 2^53, so plain numbers do.
 */
import { sha256, utf8 } from './sha256';

const MODULUS = 2 ** 48;

export interface Digest {
  count: number;
  sum: number;
}

/** The digest of the present rows of a scope. */
export function digest(rows: Iterable<{ entity: string; rev: number }>): Digest {
  let count = 0;
  let sum = 0;
  for (const { entity, rev } of rows) {
    count += 1;
    sum = (sum + rowHash(entity, rev)) % MODULUS;
  }
  return { count, sum };
}

export function sameDigest(one: Digest, other: Digest): boolean {
  return one.count === other.count && one.sum === other.sum;
}

/** The first 48 bits of the SHA-256 of `entity`, a line feed and `rev` in decimal. */
function rowHash(entity: string, rev: number): number {
  return sha256(utf8(`${entity}\n${rev}`))
    .subarray(0, 6)
    .reduce((number, byte) => number * 256 + byte, 0);
}
