import { describe, expect, it } from 'vitest';
import { outOfTurn } from '../../../pwa/courier/road/sequence';
import type { TaskView } from '../../../pwa/engine';
import { aDay, NOW } from '../preview/fixtures';

const MINUTE = 60_000;
const ending = (view: TaskView, minutes: number | null): TaskView => ({
  ...view,
  task: { ...view.task, window_end: minutes === null ? null : NOW + minutes * MINUTE },
});

describe('a door out of its turn', () => {
  const far = aDay('out_for_delivery').map((view) => ending(view, 240));
  const [first, same, third, fourth] = far as [TaskView, TaskView, TaskView, TaskView];

  it('is said when a window ends elsewhere within half an hour, and which', () => {
    const day = far.map((view) => (view === fourth ? ending(view, 12) : view));
    expect(outOfTurn(day, third, NOW)).toMatchObject({
      kind: 'window',
      minutes: 12,
      other: { task: { id: fourth.task.id } },
    });
    expect(outOfTurn(day, first, NOW)).toMatchObject({ kind: 'window' });
  });
  it('is not said of the one whose window ends first, of one that is over, or of one that has none', () => {
    const day = far.map((view) => (view === first ? ending(view, 5) : view === fourth ? ending(view, 12) : view));
    expect(outOfTurn(day, day[0]!, NOW)).toBeNull();
    const over = far.map((view) => (view === fourth ? ending(view, -3) : view));
    expect(outOfTurn(over, first, NOW)).toBeNull();
    const none = far.map((view) => ending(view, null));
    expect(outOfTurn(none, none[0]!, NOW)).toBeNull();
  });
  it('counts the stops that would be passed by, a door with two parcels once', () => {
    expect(outOfTurn(far, third, NOW)).toMatchObject({
      kind: 'skips',
      stops: 1,
      other: { task: { id: first.task.id } },
    });
    expect(outOfTurn(far, same, NOW)).toBeNull();
  });
  it('is not said where he already stands, nor of what is over', () => {
    const there = { ...third, task: { ...third.task, status: 'arrived' as const } };
    expect(outOfTurn(far, there, NOW)).toBeNull();
    expect(outOfTurn(far, { ...third, task: { ...third.task, status: 'delivered' } }, NOW)).toBeNull();
  });
});
