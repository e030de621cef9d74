/** What a scan means on the screen. Pure. */
import type { Draft, ScanVerdict, TaskView, VerdictView } from '../../engine';
import type { IconName } from '../../ui/icons';
import type { Route } from '../route';

export type Source = 'wedge' | 'typed';

/** One verdict as it is shown: newest of the last five first. */
export interface Shown extends VerdictView {
  /** Counts up: the key of the list. */
  id: number;
  at: number;
}

/** The role of the colour and the shape that go with each verdict. */
export const faces: Record<ScanVerdict, { tone: 'good' | 'bad' | 'warn' | 'offline'; icon: IconName }> = {
  mine: { tone: 'good', icon: 'check' },
  other_route: { tone: 'bad', icon: 'divert' },
  recalled: { tone: 'bad', icon: 'stop' },
  duplicate: { tone: 'offline', icon: 'copies' },
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
