/** What time it is on the screens: the station's, also on a phone whose clock is wrong (P35). */
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { Identity, SyncStatus } from '../../../pwa/engine';
import { againstTaking, badgeOf, type Here, type Offer } from '../../../pwa/courier/handover/model';

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.stubGlobal('navigator', { language: 'en', userAgent: '', maxTouchPoints: 0 });
vi.stubGlobal('location', { hash: '' });

const { hand } = await import('../../../pwa/courier/handover/hand.svelte');
const { session } = await import('../../../pwa/courier/session.svelte');
const { urgency } = await import('../../../pwa/courier/words');

const MINUTE = 60_000;
const YEAR = 366 * 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 22, 6);
const person = (id: string): Identity =>
  ({ user: { id, name: id }, station: { id: 'hz' }, loggedIn: true }) as unknown as Identity;

function clock(wrong: number): void {
  session.clock = NOW + wrong;
  session.status = { clockWrong: -wrong } as SyncStatus;
}

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(session, { clock: 0, status: null, shift: null });
});

describe('a wrong clock', () => {
  it('P35 judges no window: half an hour is left, whatever the phone says', () => {
    const end = NOW + 30 * MINUTE;
    for (const wrong of [0, YEAR, -YEAR, 40 * MINUTE]) {
      clock(wrong);
      expect(urgency(end, session.now)?.tone).toBe('warn');
    }
  });

  it('P35 keeps nobody from handing over to a colleague', () => {
    vi.spyOn(session, 'engine', 'get').mockReturnValue({
      identity: () => person('liang'),
    } as unknown as typeof session.engine);
    clock(YEAR);
    session.shift = { status: 'open', started_at: session.clock - 60 * MINUTE } as typeof session.shift;
    const bei: Here = { me: person('bei'), shift: null, now: NOW, tasks: [] };
    const theirs = { ...badgeOf(bei), kind: 'offer', rows: [{ task: { id: 'one' } }] } as unknown as Offer;
    const ours = { ...theirs, ...badgeOf(hand.here), kind: 'offer' } as Offer;
    expect(againstTaking(theirs, hand.here)).toBeNull();
    expect(againstTaking(ours, bei)).toBeNull();
  });
});
