/** What a scan means on the screen. Pure. */
import type { Agreement } from '../../device/codes/carriers';
import type { Draft, Envelope, ScanVerdict, TaskView, VerdictView } from '../../engine';
import type { IconName } from '../../ui/icons';
import type { Route } from '../route';

export type Source = 'wedge' | 'typed' | 'camera';
/** One parcel at a time, or one after the other without a touch. */
export type Mode = 'single' | 'batch';
/** What was read and is no number: nothing at all, a web address, some text. */
export type Trouble = 'empty' | 'address' | 'text';
export type Tone = 'good' | 'bad' | 'warn' | 'offline' | 'divert' | 'repeat';

/** One verdict as it is shown: newest of the last five first. */
export interface Shown extends VerdictView {
  /** Counts up: the key of the list. */
  id: number;
  at: number;
  source: Source;
  /** What the number's own check digit says. */
  check: Agreement;
  /** What it left in the log; nothing when it could not be saved. */
  operations: Envelope[];
  undone: boolean;
}

/** The role of the colour and the shape of each verdict: no two are alike in either. */
export const faces: Record<ScanVerdict, { tone: Tone; icon: IconName }> = {
  mine: { tone: 'good', icon: 'check' },
  other_route: { tone: 'divert', icon: 'divert' },
  recalled: { tone: 'bad', icon: 'stop' },
  duplicate: { tone: 'repeat', icon: 'copies' },
  signed: { tone: 'offline', icon: 'checks' },
  unknown: { tone: 'warn', icon: 'question' },
};

/** How long a verdict stays over a screen, ms; a recalled one stays until it is acknowledged. */
export function stay(verdict: ScanVerdict): number {
  return verdict === 'mine' || verdict === 'duplicate' ? 4_000 : 9_000;
}

export const KEPT = 5;

export function keep(list: readonly Shown[], shown: Shown): Shown[] {
  return [shown, ...list].slice(0, KEPT);
}

/** The one that `undo` takes back: the newest that left something in the log and was not taken back yet. */
export function lastTaken(list: readonly Shown[]): Shown | null {
  return list.find((one) => !one.undone && one.operations.length > 0) ?? null;
}

export interface Tally {
  /** Parcels: one that was scanned twice is one. */
  total: number;
  /** Only verdicts there are, in the order of what they ask for: what needs the courier first. */
  parts: { verdict: ScanVerdict; count: number }[];
}

const ORDER: readonly ScanVerdict[] = ['recalled', 'other_route', 'unknown', 'duplicate', 'signed', 'mine'];

/** Of a batch: what was taken back does not count. */
export function tally(batch: readonly Pick<Shown, 'verdict' | 'waybill' | 'undone'>[]): Tally {
  const counted = batch.filter((one) => !one.undone);
  const parts = ORDER.map((verdict) => ({ verdict, count: counted.filter((one) => one.verdict === verdict).length }));
  return { total: new Set(counted.map(({ waybill }) => waybill)).size, parts: parts.filter(({ count }) => count > 0) };
}

export function recordScan(seen: VerdictView, code: string, source: Source): Draft {
  const { verdict, waybill, entity, task } = seen;
  return { type: 'parcel.scanned', entity, payload: { code, waybill, source, verdict, task: task?.task.id ?? null } };
}

/** At the door a scan opens the task; while loading, or in the middle of another task, it does not carry one away. */
export function screenAfter(seen: VerdictView, here: Route): Route | null {
  const { verdict, task } = seen;
  if (here.screen !== 'today' || !task || verdict !== 'mine') return null;
  return atDoor(task) ? { screen: 'task', task: task.task.id } : null;
}

/** Not in the loading bay any more. */
function atDoor(view: TaskView): boolean {
  return view.task.kind === 'pickup' || (view.task.status !== 'assigned' && view.task.status !== 'created');
}

/** When the station manifest was published, ms; null when the verdict rests on none. */
export function manifestAt(shown: Pick<Shown, 'at' | 'manifest_age_ms'>): number | null {
  return shown.manifest_age_ms === null ? null : shown.at - shown.manifest_age_ms;
}

/** Whether a verdict has nothing to say on another screen: it would cover what the customer asked for there. */
export function leaves(verdict: ScanVerdict, shownOn: Route, here: Route): boolean {
  return here !== shownOn && verdict !== 'recalled';
}

/** The end of a code that is too long or too strange to be grouped like a waybill. */
export function shortened(code: string, most = 28): string {
  const characters = [...code];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : code;
}
