/** What an operation sets, who says so, and the three-way merge of it (P20). */
import type { Envelope, Json, JsonObject, Touch } from './records';
import { FIELDS } from './tables';

export type Values = Record<string, Json>;

/** Values by field that no longer count: who saw one of them saw what stood then. */
export type Gone = Record<string, Json[]>;

/** Fields after a three-way merge; the contested ones keep theirs. */
export interface Merge {
  values: Values;
  contested: string[];
}

/** Who did it, when, by which operation. */
export function stamp(op: Envelope): Touch {
  return { op_id: op.op_id, author: op.author, at: op.at };
}

/** The id in `kind:id`. */
export function idOf(entity: string): string {
  return entity.slice(entity.indexOf(':') + 1);
}

/** The mergeable fields an operation sets, with the values it gives them. */
export function newValues(op: Envelope): Values {
  return Object.fromEntries((FIELDS[op.type] ?? []).map((field) => [field, op.payload[field] as Json]));
}

/** Whether two values are the same: lists and objects by what they hold, the order of members meaning nothing. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [left, right] = [one as JsonObject, other as JsonObject];
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && same(left[name], right[name]))
  );
}

/**
 * Merges `mine` into `theirs`, field by field, on what the writer saw (P20). A field that only one side changed takes that side's
 * value, a field both changed alike is no dispute, a field both changed apart is contested. A field missing from `base` was not
 * looked at, so mine stands. A list is one value.
 */
export function threeWay(base: JsonObject, theirs: JsonObject, mine: Values, gone: Gone = {}): Merge {
  const values: Values = {};
  const contested: string[] = [];
  for (const [name, value] of Object.entries(mine)) {
    const stands = theirs[name] as Json;
    values[name] = value;
    if (same(value, stands) || !(name in base) || same(base[name], stands)) continue;
    if (gone[name]?.some((one) => same(one, base[name]))) continue;
    values[name] = stands;
    if (!same(value, base[name])) contested.push(name);
  }
  return { values, contested };
}
