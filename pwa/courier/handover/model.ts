/**
 * Handing parcels to a colleague from screen to screen. Three codes: what I give, what I took, who I am; and why one of them is not
 * for this handheld now. Pure.
 */
import { gunzipSync, gzipSync } from 'fflate';
import type { Draft, Identity, Json, ShiftView, TaskRow, TaskView } from '../../engine';
import * as series from '../rescue/frames';
import type { Collected } from '../rescue/frames';
import { isLeft } from '../task';
import { isList, rowOf, slipOf } from './slip';

export { missingOf, type Collected } from '../rescue/frames';

const HEAD = 'DSH';
const VERSION = 1;
/** No shift is longer: a code that is older was made in another one. ms. */
const SHIFT = 12 * 3_600_000;
/** Two handhelds' clocks are not the same: so much before the own shift began is still of it. ms. */
const CLOCKS = 3_600_000;

export interface Person {
  id: string;
  name: string;
}

interface Said {
  station: string;
  /** By the clock of whoever shows it. ms. */
  at: number;
  by: Person;
}

export interface Offer extends Said {
  kind: 'offer';
  rows: TaskRow[];
}

export interface Receipt extends Said {
  kind: 'receipt';
  giver: string;
  tasks: string[];
}

/** For a colleague who has to say whom he gave it to, and has no receipt to scan. */
export interface Badge extends Said {
  kind: 'badge';
}

export type Code = Offer | Receipt | Badge;

/** `unreadable`: it is of this app and makes no sense; `notNow`: it is sound, and not what is waited for. */
export type Refusal = 'unreadable' | 'station' | 'own' | 'old' | 'twice' | 'other' | 'notNow';

export function framesOf(code: Code): string[] {
  const text = new TextEncoder().encode(JSON.stringify(wordsOf(code)));
  return series.framesOf(HEAD, gzipSync(text, { level: 9, mtime: 0 }));
}

export function collect(before: Collected | null, code: string): Collected | null {
  return series.collect(HEAD, before, code);
}

/** What the collected codes say; `unreadable` when they are whole and say nothing. Ask once nothing is missing. */
export function codeOf(collected: Collected): Code | 'unreadable' {
  const packed = series.bytesOf(collected);
  if (packed === null) return 'unreadable';
  try {
    return heard(JSON.parse(new TextDecoder().decode(gunzipSync(packed)))) ?? 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function wordsOf(code: Code): Json {
  const said = [VERSION, code.kind, code.station, code.at, code.by.id, code.by.name];
  if (code.kind === 'offer') return [...said, code.rows.map(slipOf)];
  if (code.kind === 'receipt') return [...said, code.tasks, code.giver];
  return said;
}

function heard(words: unknown): Code | null {
  if (!isList(words, 6) || words[0] !== VERSION) return null;
  const [, kind, station, at, id, name, about, giver] = words;
  if (typeof station !== 'string' || typeof at !== 'number' || typeof id !== 'string' || typeof name !== 'string') {
    return null;
  }
  const said = { station, at, by: { id, name } };
  if (kind === 'badge') return { ...said, kind };
  if (!isList(about, 1)) return null;
  if (kind === 'receipt' && typeof giver === 'string') {
    const tasks = about.filter((task) => typeof task === 'string');
    return tasks.length === about.length ? { ...said, kind, giver, tasks } : null;
  }
  if (kind !== 'offer') return null;
  const rows = about.flatMap((slip) => rowOf(slip, station, id) ?? []);
  return rows.length === about.length ? { ...said, kind, rows } : null;
}

/** Whose handheld it is, its shift, and what is on its list. */
export interface Here {
  me: Identity;
  shift: ShiftView | null;
  now: number;
  tasks: readonly TaskView[];
}

/** Why a colleague's parcels are not for this handheld; null when they are. */
export function againstTaking(offer: Offer, here: Here): Refusal | null {
  const known = strange(offer, here);
  if (known !== null) return known;
  const mine = new Set(here.tasks.map((view) => view.task.id));
  if (offer.rows.every((row) => mine.has(row.task.id))) return 'twice';
  return isOld(offer, here) ? 'old' : null;
}

/** Why a receipt does not count for what this handheld shows just now; null when it does. */
export function againstReceipt(receipt: Receipt, here: Here, shown: Offer): Refusal | null {
  const known = strange(receipt, here);
  if (known !== null) return known;
  if (receipt.giver !== here.me.user.id) return 'other';
  const left = new Set(givable(here.tasks).map((view) => view.task.id));
  if (!receipt.tasks.some((task) => left.has(task))) return 'twice';
  return settledBy(receipt, here.tasks, shown).gone.length > 0 ? null : 'other';
}

/** It is one's own, or of another station. */
export function strange(code: Said, { me }: Here): Refusal | null {
  if (code.by.id === me.user.id) return 'own';
  return code.station === me.station.id ? null : 'station';
}

function isOld({ at }: Said, { now, shift }: Here): boolean {
  const began = shift?.status === 'open' ? (shift.started_at ?? 0) : 0;
  return Math.abs(now - at) > SHIFT || at < began - CLOCKS;
}

/** What can be given to a colleague: what is still to be done. */
export function givable(tasks: readonly TaskView[]): TaskView[] {
  return tasks.filter(isLeft);
}

export function offerOf(here: Here, tasks: readonly TaskView[]): Offer {
  return { ...badgeOf(here), kind: 'offer', rows: [...tasks] };
}

export function badgeOf({ me, now }: Here): Badge {
  return { kind: 'badge', station: me.station.id, at: now, by: { id: me.user.id, name: me.user.name } };
}

/** What of an offer is on the own list since it was taken, said to whoever gave it. */
export function receiptOf(offer: Offer, here: Here): Receipt {
  const mine = new Set(here.tasks.map((view) => view.task.id));
  const tasks = offer.rows.map((row) => row.task.id).filter((task) => mine.has(task));
  return { ...badgeOf(here), kind: 'receipt', giver: offer.by.id, tasks };
}

/** What of the shown went with the receipt, and what did not. */
export function settledBy(
  receipt: Receipt,
  tasks: readonly TaskView[],
  shown: Offer,
): { gone: TaskView[]; kept: TaskView[] } {
  const went = new Set(receipt.tasks);
  const offered = new Set(shown.rows.map((row) => row.task.id));
  const left = givable(tasks).filter((view) => offered.has(view.task.id));
  return {
    gone: left.filter((view) => went.has(view.task.id)),
    kept: left.filter((view) => !went.has(view.task.id)),
  };
}

export function given(tasks: readonly TaskView[], to: string): Draft[] {
  return tasks.map(({ task }) => ({ type: 'task.handed_over', entity: `task:${task.id}`, payload: { to } }));
}

export function taken(rows: readonly TaskRow[], from: string): Draft[] {
  return rows.map(({ task, parcel }) => ({
    type: 'task.taken_over',
    entity: `task:${task.id}`,
    payload: { from, kind: task.kind, waybill: parcel.waybill },
  }));
}

/** Minor units to be collected, of rows that came from a colleague. */
export function dueOf(rows: readonly TaskRow[]): number {
  return rows.reduce((sum, row) => sum + (row.obligation?.status === 'due' ? row.obligation.amount_minor : 0), 0);
}
