/** Where the courier is: in his records while the shift is open, nowhere outside of it, and never waited for. */
import { describe, expect, it } from 'vitest';

import type { Fix, Platform } from '../../../pwa/platform';
import { noted, rig, STATION } from '../fakes';

const HERE = { lat_e7: 302_700_000, lng_e7: 1_201_000_000, accuracy_m: 12 };
const shift = 'shift:12121212-1212-4212-8212-121212121212';
const started = { type: 'shift.started' as const, entity: shift, payload: { station: STATION.id, tasks: 1 } };
const closed = {
  type: 'shift.closed' as const,
  entity: shift,
  payload: { recorded: 1, confirmed: 1, waiting: 0, cash_minor: 0 },
};

function located(fix: () => Fix | null): { location: NonNullable<Platform['location']>; asked: boolean[] } {
  const asked: boolean[] = [];
  return { asked, location: { watch: (on) => void asked.push(on), last: () => (asked.at(-1) ? fix() : null) } };
}

describe('the position of an operation', () => {
  it('is kept while the shift is open and at no other time', async () => {
    const { location, asked } = located(() => ({ ...HERE, age_ms: 1_000 }));
    const { engine, server } = await rig(() => ({ location }));
    const task = server.task('SF1');
    const [before] = await engine.submit([noted(task, 'a')]);
    const [start] = await engine.submit([started]);
    const [during] = await engine.submit([noted(task, 'b')]);
    const [end] = await engine.submit([closed]);
    const [after] = await engine.submit([noted(task, 'c')]);
    expect([before, start, during, end, after].map((envelope) => envelope?.position)).toEqual([
      undefined,
      undefined,
      HERE,
      HERE,
      undefined,
    ]);
    expect(asked).toEqual([false, true, false]);
    expect((await engine.sync()).ok).toBe(true);
    expect(server.operations).toHaveLength(5);
  });
  it('is left out when the fix is older than two minutes, and when there is none', async () => {
    let fix: Fix | null = { ...HERE, age_ms: 120_000 };
    const { location } = located(() => fix);
    const { engine, server } = await rig(() => ({ location }));
    const task = server.task('SF1');
    await engine.submit([started]);
    const place = async (): Promise<unknown> => (await engine.submit([noted(task, 'x')]))[0]?.position;
    expect(await place()).toEqual(HERE);
    fix = { ...HERE, age_ms: 120_001 };
    expect(await place()).toBeUndefined();
    fix = null;
    expect(await place()).toBeUndefined();
  });
  it('goes on after a restart in the middle of a shift, and off with the engine', async () => {
    const { location, asked } = located(() => null);
    const { engine, again } = await rig(() => ({ location }));
    await engine.submit([started]);
    engine.close();
    const other = await again();
    other.close();
    expect(asked).toEqual([false, true, false, true, false]);
  });
  it('is what the screen says, when it says one', async () => {
    const { engine, server, platform } = await rig();
    platform.place(HERE);
    await engine.submit([started]);
    const said = { lat_e7: 1, lng_e7: 2, accuracy_m: 3 };
    const [own] = await engine.submit([{ ...noted(server.task('SF1'), 'x'), position: said }]);
    const [here] = await engine.submit([noted(server.task('SF1'), 'y')]);
    expect([own?.position, here?.position]).toEqual([said, HERE]);
  });
});
