import { describe, expect, it } from 'vitest';
import {
  blankProposal,
  chooseKind,
  chooseScope,
  complete,
  proposal,
  switchDay,
} from '../../../pwa/courier/door/proposal';
import { doorRequests, newRequests, shownRequests } from '../../../pwa/courier/task';
import { news } from '../../../pwa/courier/today/model';
import { laterWords } from '../../../pwa/courier/words';
import type { CustomerRequest, Envelope, TaskView } from '../../../pwa/engine';
import { weekday } from '../../../pwa/ui/requests';
import { validate } from '../../../sync/ts/validate';
import { aDay, COURIER, NOW, WHEN } from '../preview/fixtures';
import { withOutcome } from './cases';

const HOUR = 3_600_000;
const [view] = aDay() as [TaskView];
const [wish] = view.customer.requests as [CustomerRequest];

function asking(...requests: Partial<CustomerRequest>[]): TaskView {
  const all = requests.map((one, at) => ({ ...wish, id: `r${at}`, ...one }));
  return { ...view, customer: { ...view.customer, requests: all } };
}

describe('the day of the week', () => {
  it('is the station’s, whatever the hour is elsewhere', () => {
    // Friday 09:42 in Shanghai is Friday 01:42 in London and Thursday evening in New York.
    expect(weekday(NOW, 'Asia/Shanghai')).toBe(5);
    expect(weekday(NOW, 'Europe/London')).toBe(5);
    expect(weekday(NOW, 'America/New_York')).toBe(4);
  });
  it('turns at the station’s midnight, also where the clocks change', () => {
    // Sunday 26 October 2025, 01:30 UTC: the hour in which Berlin sets its clocks back.
    const change = Date.UTC(2025, 9, 26, 1, 30);
    expect(weekday(change, 'Europe/Berlin')).toBe(7);
    expect(weekday(change - 4 * HOUR, 'Europe/Berlin')).toBe(6);
    expect(weekday(change + 22 * HOUR, 'Europe/Berlin')).toBe(1);
  });
});

describe('requests at a door', () => {
  it('are loud when they count here today, small when they wait or are for another day', () => {
    const seen = doorRequests(
      asking(
        {},
        { state: 'proposed', source: 'courier' },
        { scope: 'weekdays', weekdays: [1, 2] },
        { scope: 'parcel', task: view.task.id },
        { scope: 'parcel', task: 'another' },
        { scope: 'address', address: view.task.address.text },
        { valid_until: NOW - 1 },
        { active: false },
      ),
      WHEN,
    );
    expect(seen.loud.map((one) => one.id)).toEqual(['r0', 'r3', 'r5']);
    expect(seen.proposed.map((one) => one.id)).toEqual(['r1']);
    expect(seen.later.map((one) => one.id)).toEqual(['r2', 'r6']);
  });
  it('for other days say which', () => {
    const words = (more: Partial<CustomerRequest>): string => laterWords({ ...wish, ...more }, WHEN, 'zh');
    expect(words({ weekdays: [1, 3] })).toContain('周一、周三');
    expect(words({ valid_from: NOW + 72 * HOUR })).toContain('11月24日');
    expect(words({ valid_until: NOW - 24 * HOUR })).toContain('11月20日');
  });
  it('are named in the outcome, loud or not', () => {
    expect(shownRequests(asking({}, { state: 'proposed' }))).toEqual({ requests: ['r0', 'r1'] });
    expect(shownRequests(null)).toEqual({ requests: [] });
  });
});

describe('news', () => {
  const fresh = { ...asking({}, { state: 'proposed' }), fresh: ['r0', 'r1'] };
  it('is what counts at the door and nobody has looked at', () => {
    expect(newRequests(fresh, WHEN).map((one) => one.id)).toEqual(['r0']);
    expect(newRequests({ ...fresh, fresh: [] }, WHEN)).toEqual([]);
  });
  it('is told of work that is left', () => {
    expect(news([view, fresh], WHEN)).toEqual([fresh]);
    expect(news([withOutcome(fresh, 'delivered')], WHEN)).toEqual([]);
  });
});

describe('a proposal', () => {
  const at = { ...view, customer: { ...view.customer, id: '55555555-5555-4555-8555-555555555555' } };
  it('needs a kind, words for "other", and days where it has days', () => {
    const form = blankProposal();
    expect(complete(form)).toBe(false);
    expect(complete(chooseKind(form, 'no_ring'))).toBe(true);
    expect(complete(chooseKind(form, 'other'))).toBe(false);
    expect(complete({ ...chooseKind(form, 'other'), text: ' 放鞋柜 ' })).toBe(true);
    expect(complete({ ...chooseKind(form, 'no_ring'), scope: 'weekdays', weekdays: [] })).toBe(false);
  });
  it('knows what "weekdays only" means, and lets it be changed', () => {
    const form = chooseKind(blankProposal(), 'weekdays_only');
    expect(form).toMatchObject({ scope: 'weekdays', weekdays: [1, 2, 3, 4, 5] });
    expect(switchDay(switchDay(form, 3), 6).weekdays).toEqual([1, 2, 4, 5, 6]);
    expect(chooseScope(form, 'always').weekdays).toEqual([]);
  });
  it.each(['address', 'always', 'weekdays'] as const)('for %s is one a courier may write', (scope) => {
    const form = chooseScope({ ...chooseKind(blankProposal(), 'leave_at_reception'), text: ' 前台小李 ' }, scope);
    const draft = proposal(at, form, '66666666-6666-4666-8666-666666666666');
    const envelope: Envelope = {
      op_id: '77777777-7777-4777-8777-777777777777',
      v: 2,
      author: COURIER,
      device: null,
      incarnation: null,
      seq: null,
      prev: null,
      app: 'test',
      base_rev: null,
      base: {},
      blobs: [],
      at: NOW,
      mono: null,
      boot: null,
      type: draft.type,
      entity: draft.entity,
      payload: draft.payload,
    };
    expect(validate(envelope, 'courier')).toEqual([]);
    expect(draft.payload).toMatchObject({ text: '前台小李', scope, task: at.task.id, state: 'proposed' });
    expect(draft.payload['address']).toBe(scope === 'address' ? at.task.address.text : null);
  });
});
