/** Small changes to a task that the tests of several screens share. */
import type { TaskView } from '../../../pwa/engine';
import { COURIER, NOW } from '../preview/fixtures';

export function withOutcome(
  view: TaskView,
  status: 'delivered' | 'picked_up' | 'attempt_failed' | 'held' | 'returned',
): TaskView {
  const failed = status === 'attempt_failed' || status === 'held' || status === 'returned';
  const outcome = {
    op_id: 'o',
    type: `task.${status}`,
    author: COURIER,
    at: NOW,
    reason: failed ? 'NOT_HOME' : null,
    recipient: null,
  };
  return { ...view, task: { ...view.task, status, outcome } };
}

export function cancelled(view: TaskView): TaskView {
  return {
    ...view,
    task: { ...view.task, status: 'cancelled', cancelled: { op_id: 'c', author: 'd', at: NOW, reason: '寄件人拦截' } },
  };
}

export function scanned(view: TaskView): TaskView {
  return { ...view, parcel: { ...view.parcel, scans: 1 } };
}
