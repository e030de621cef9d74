import { describe, expect, it } from 'vitest';
import {
  assembled,
  collect,
  fileText,
  framesOf,
  fromFile,
  missingOf,
  type Collected,
} from '../../../pwa/courier/rescue/model';
import type { SealedLog } from '../../../pwa/engine';
import { derive } from '../../../sync/ts/canonical';

const logs = (operations: number): SealedLog[] => [
  {
    body: JSON.stringify(
      Array.from({ length: operations }, (_, at) => ({ op_id: derive('x', String(at)), text: '签收 ✓' })),
    ),
    seal: 'a'.repeat(64),
  },
];
const all = (frames: string[]): Collected | null =>
  frames.reduce<Collected | null>((before, code) => collect(before, code), null);

describe('a series of codes', () => {
  const frames = framesOf(logs(60));

  it('brings the logs over whole, in any order, twice the same, in small letters', () => {
    expect(frames.length).toBeGreaterThan(2);
    const shuffled = [...frames, frames[0]!].reverse().map((code) => ` ${code.toLowerCase()} `);
    expect(assembled(all(shuffled)!)).toEqual(logs(60));
  });
  it('names what is missing', () => {
    const some = all(frames.slice(1))!;
    expect([missingOf(some), assembled(some)]).toEqual([[1], null]);
  });
  it('takes no waybill for a frame, and begins anew with another rescue', () => {
    expect(collect(null, 'SF1428805599012')).toBeNull();
    expect(collect(null, 'DSRABCDEF004003AAAA')).toBeNull();
    const other = framesOf(logs(3));
    expect(collect(all(frames), other[0]!)?.pieces.size).toBe(1);
  });
  it('does not make a whole of pieces that are not one', () => {
    const broken = frames.map((code, at) => (at === 1 ? code.slice(0, -4) + 'AAAA' : code));
    expect(assembled(all(broken)!)).toBeNull();
  });
  it('stays within what a code on a phone can hold, in letters every scanner types alike', () => {
    expect(frames.every((code) => code.length <= 460 && /^[A-Z0-9]+$/.test(code))).toBe(true);
  });
});

describe('a file', () => {
  const proof = {
    sha256: 'b'.repeat(64),
    type: 'image/png',
    kind: 'signature' as const,
    entity: 'task:t',
    op_id: 'o',
    bytes: Uint8Array.of(0, 255, 7),
  };
  it('holds logs and pictures', () => {
    expect(fromFile(fileText({ packages: logs(2), proofs: [proof] }))).toEqual({ packages: logs(2), proofs: [proof] });
  });
  it('is known for what it is not', () => {
    for (const text of ['', '{}', '[1]', '{"doorstep":"rescue","packages":[{}]}', '{"doorstep":"rescue"}'])
      expect(fromFile(text)).toBeNull();
  });
});
