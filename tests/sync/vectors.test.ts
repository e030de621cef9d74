/** The shared vectors: what pytest demands of Python, demanded of TypeScript. Shapes: sync/vectors/README.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { apply } from '../../sync/ts/apply';
import { canonical, derive, normalWaybill, sha256Hex } from '../../sync/ts/canonical';
import { corrected } from '../../sync/ts/clock';
import { effect } from '../../sync/ts/conflict';
import { digest } from '../../sync/ts/digest';
import { shown } from '../../sync/ts/evidence';
import { decide, fold, type Board } from '../../sync/ts/merge';
import { absorb, itemState, overlay, type Answer, type Row } from '../../sync/ts/pending';
import { astray, forgot, narrowed, parse, planPush, positionCode, sliceBatch } from '../../sync/ts/protocol';
import type {
  ConflictRecord,
  CustomerRequest,
  Envelope,
  JsonObject,
  ResultStatus,
  SyncRecord,
  TaskRecord,
} from '../../sync/ts/records';
import { applies, belongs } from '../../sync/ts/requests';
import { upcast } from '../../sync/ts/upcast';
import { validate } from '../../sync/ts/validate';
import { threeWay } from '../../sync/ts/values';

interface Case {
  name: string;
  rule: string[];
  function: string;
  input: Record<string, unknown>;
  expect: Record<string, unknown>;
}

const FOLDER = join(import.meta.dirname, '../../sync/vectors');
const index = JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')) as {
  files: { file: string; title: string; count: number }[];
};

interface EvidenceInput {
  task: TaskRecord;
  author: string;
  reason: string;
  photos: number;
  note: string | null;
  at: number;
}
type Known = { op_id: string | null; status: ResultStatus };

/** One entry for each function of the README's table: input to what `expect` holds. */
const RUN: Record<string, (input: never) => unknown> = {
  canonical: ({ value }: { value: unknown }) => ({ text: canonical(value), sha256: sha256Hex(canonical(value)) }),
  derive: ({ parts }: { parts: string[] }) => ({ id: derive(...parts) }),
  normal_waybill: ({ code }: { code: string }) => ({ waybill: normalWaybill(code) }),
  corrected: (input: { at: number; device_now: number; server_now: number }) =>
    corrected(input.at, input.device_now, input.server_now),
  validate: ({ envelope, role }: { envelope: unknown; role: string | null }) => ({
    problems: validate(envelope, role).map(({ code, field }) => ({ code, field })),
  }),
  apply: ({ record, op }: { record: SyncRecord | null; op: Envelope }) => ({ record: apply(record, op) }),
  merge: ({ base, theirs, mine }: { base: JsonObject; theirs: JsonObject; mine: JsonObject }) =>
    threeWay(base, theirs, mine),
  decide: (input: { board: Board; op: Envelope; rev: number | null; station: string | null; pin?: string }) =>
    decide(input.board, input.op, input.rev, input.station, input.pin),
  evidence: ({ task, author, reason, photos, note, at }: EvidenceInput) => ({
    evidence: shown(task, author, reason, { photos, note, at }),
  }),
  fold: (input: { entity: string; ops: Envelope[]; void: string[]; force: string[]; station: string | null }) => ({
    records: fold(input.entity, input.ops, new Set(input.void), new Set(input.force), input.station),
  }),
  request: (input: { request: CustomerRequest; task: TaskRecord; weekday: number; now: number }) => ({
    belongs: belongs(input.request, input.task),
    applies: applies(input.request, input.task, input.weekday, input.now),
  }),
  astray: (input: { cursor: number; begun: boolean; ver: number; floor: number }) => ({
    cause: astray(input.cursor, input.begun, input.ver, input.floor),
  }),
  forgot: (input: { epoch_before: string | null; head_before: number; epoch: string; head: number }) => ({
    cause: forgot(input.epoch_before, input.head_before, input.epoch, input.head),
  }),
  digest: ({ rows }: { rows: { entity: string; rev: number }[] }) => digest(rows),
  effect: (input: { case: ConflictRecord; outcome: string }) => effect(input.case, input.outcome),
  overlay: (input: {
    rows: Record<string, Row>;
    entries: Envelope[];
    results: Record<string, Answer>;
    cursors: Record<string, number>;
  }) => ({ rows: overlay(input.rows, input.entries, input.results, input.cursors) }),
  absorb: ({ known, results }: { known: Record<string, Known>; results: Known[] }) => ({
    known: absorb(known, results),
  }),
  item_state: ({ result }: { result: Known | null }) => ({ state: itemState(result) }),
  slice: ({ sizes }: { sizes: number[] }) => ({ count: sliceBatch(sizes) }),
  narrowed: ({ count }: { count: number }) => ({ count: narrowed(count) }),
  plan_push: (input: { head_seq: number; from_seq: number; count: number }) =>
    planPush(input.head_seq, input.from_seq, input.count),
  position: (input: { op: unknown; device: string; incarnation: string; seq: number }) => ({
    code: positionCode(input.op, input.device, input.incarnation, input.seq),
  }),
  parse: ({ text }: { text: string }) => ({ value: parse(text) }),
  upcast: ({ envelope }: { envelope: Record<string, unknown> }) => ({ envelope: upcast(envelope) }),
};

describe.each(index.files)('$file $title', ({ file, count }) => {
  const cases = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Case[];

  it('holds as many cases as the index says', () => expect(cases.length).toBe(count));

  it.each(cases)('$name', (one) => {
    const run = RUN[one.function];
    if (run === undefined) throw new Error(`no such function: ${one.function}`);
    const before = structuredClone(one.input);
    if (one.expect['error'] === true) {
      expect(() => run(one.input as never)).toThrow();
    } else {
      expect(run(one.input as never)).toStrictEqual(one.expect);
    }
    expect(one.input, 'inputs stay as they were').toStrictEqual(before);
  });
});
