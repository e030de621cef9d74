/** Loading (到件 / 出仓): what the list expects, what the scanner has seen, what is missing, and what does not belong here. Pure. */
import type { Draft, Envelope, ScanVerdict, TaskView } from '../../engine';
import { isLeft } from '../task';

/** One scan of this shift, as it was recorded. */
export interface LoadScan {
  op_id: string;
  waybill: string;
  verdict: ScanVerdict;
  at: number;
}

export interface LoadCheck {
  /** Deliveries that have not left the station. */
  expected: TaskView[];
  scanned: TaskView[];
  missing: TaskView[];
  /** Scanned here and not on the list: another route's, nobody's, or to stay at the station. Each once, the newest first. */
  surplus: LoadScan[];
  /** The newest first. */
  last: LoadScan[];
}

const LAST = 5;
const FOREIGN = new Set<ScanVerdict>(['other_route', 'unknown', 'recalled']);

export function loadCheck(tasks: readonly TaskView[], operations: readonly Envelope[]): LoadCheck {
  const expected = tasks.filter(isWaiting);
  const scans = scansOf(operations);
  const own = new Set(tasks.filter(isLeft).map((view) => view.parcel.waybill));
  const foreign = scans.filter((scan) => FOREIGN.has(scan.verdict) && !own.has(scan.waybill));
  return {
    expected,
    scanned: expected.filter(isScanned),
    missing: expected.filter((view) => !isScanned(view)),
    surplus: foreign.filter((scan, at) => foreign.findIndex((one) => one.waybill === scan.waybill) === at),
    last: scans.slice(0, LAST),
  };
}

export function isWaiting(view: TaskView): boolean {
  return view.task.kind === 'delivery' && view.task.status === 'assigned' && isLeft(view);
}

export const isScanned = (view: TaskView): boolean => view.parcel.scans > 0;

/** Scans that were not taken back, the newest first. */
function scansOf(operations: readonly Envelope[]): LoadScan[] {
  const takenBack = new Set(operations.map((op) => op.payload['corrects']).filter(Boolean));
  return operations
    .filter((op) => op.type === 'parcel.scanned' && !takenBack.has(op.op_id))
    .map((op) => ({
      op_id: op.op_id,
      waybill: String(op.payload['waybill']),
      verdict: op.payload['verdict'] as ScanVerdict,
      at: op.at,
    }))
    .reverse();
}

/** What the primary button does: nobody leaves with something missing before he has been told what. */
export function leaving(check: LoadCheck): 'nothing' | 'all' | 'ask' {
  if (check.expected.length === 0) return 'nothing';
  return check.missing.length === 0 ? 'all' : 'ask';
}

export function outForDelivery(tasks: readonly TaskView[]): Draft[] {
  return tasks.map((view) => ({ type: 'task.out_for_delivery', entity: `task:${view.task.id}`, payload: {} }));
}
