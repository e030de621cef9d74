import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Consent } from '../../../sync/ts/records';
import { askedAt, consentOf, isUnreached, named } from '../../../pwa/courier/door/consent';
import {
  alsoHere,
  blankForm,
  checklist,
  chooseRecipient,
  collected,
  nextStep,
  phase,
  signOff,
  type DoorForm,
  type Recipient,
} from '../../../pwa/courier/door/model';
import { checkPin } from '../../../pwa/courier/door/pin';
import type { NoticeView, TaskView } from '../../../pwa/engine';
import { aDay, WHEN } from '../preview/fixtures';
import { cancelled, scanned, withOutcome } from './cases';

const [withCod, plain, office] = aDay() as [TaskView, TaskView, TaskView];
const signature = new Uint8Array([1]);
const photo = new Uint8Array([2]);
const AROUND = { when: WHEN, note: null, others: [], together: 'x' };

function filled(_view: TaskView, recipient: Recipient, more: Partial<DoorForm> = {}): DoorForm {
  return { ...chooseRecipient(blankForm(), recipient), ...more };
}

describe('the next missing thing', () => {
  it('is who takes it, then the signature, then nothing', () => {
    expect(nextStep(plain, blankForm(), WHEN)).toBe('recipient');
    expect(nextStep(plain, filled(plain, 'self'), WHEN)).toBe('signature');
    expect(nextStep(plain, filled(plain, 'self', { signed: true }), WHEN)).toBe('save');
  });
  it('is the money before anything else', () => {
    expect(nextStep(withCod, blankForm(), WHEN)).toBe('payment');
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true }), WHEN)).toBe('payment');
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true, method: 'cash' }), WHEN)).toBe('save');
  });
  it.each(['reception', 'neighbour', 'locker', 'station'] as const)(
    'for %s a consent is recorded first',
    (recipient) => {
      expect(nextStep(plain, filled(plain, recipient, { signed: true, photos: 1 }), WHEN)).toBe('consent');
      expect(nextStep(plain, filled(plain, recipient, { signed: true, photos: 1, consent: 'phone' }), WHEN)).toBe(
        'save',
      );
    },
  );
  it('a consent in other words needs the words', () => {
    const form = filled(plain, 'locker', { photos: 1, consent: 'other' });
    expect(nextStep(plain, form, WHEN)).toBe('consent');
    expect(nextStep(plain, { ...form, consentNote: '微信同意' }, WHEN)).toBe('save');
  });
  it('a locker cannot sign, its photo is the proof', () => {
    const form = filled(plain, 'locker', { consent: 'phone' });
    expect(nextStep(plain, form, WHEN)).toBe('photo');
    expect(checklist(plain, form, WHEN).map((item) => item.step)).toEqual(['scan', 'recipient', 'consent', 'photo']);
  });
  it('a photo stands in for a signature that cannot be had', () => {
    expect(nextStep(plain, filled(plain, 'self', { photos: 1 }), WHEN)).toBe('save');
  });
  it('a scan fills its line and is never in the way', () => {
    expect(checklist(plain, blankForm(), WHEN)[0]).toEqual({ step: 'scan', done: false, optional: true });
    expect(checklist(scanned(plain), blankForm(), WHEN)[0]?.done).toBe(true);
  });
});

const GIVEN: Consent = {
  id: 'c1',
  kind: 'neighbour',
  given: true,
  source: 'customer',
  note: null,
  at: WHEN.now,
  author: 'k',
  v: 2,
};

function withConsents(view: TaskView, ...consents: Consent[]): TaskView {
  return { ...view, customer: { ...view.customer, consents } };
}

describe('consent', () => {
  it('family needs none', () => expect(nextStep(plain, filled(plain, 'family', { signed: true }), WHEN)).toBe('save'));
  it('is not on an order whose wish is for other days', () => {
    const [asked] = office.customer.requests;
    const weekend = { ...asked!, weekdays: [6, 7] };
    const other = { ...office, customer: { ...office.customer, requests: [weekend] } };
    expect(consentOf(other, 'reception', null, WHEN)).toBeNull();
  });
  it('is on the order when the customer asked for the reception, and names the wish', () => {
    expect(consentOf(office, 'reception', null, WHEN)).toBe('on_order');
    expect(named(office, 'reception', 'on_order', null, WHEN)).toMatchObject({ source: 'request', v: null });
    expect(consentOf(office, 'neighbour', null, WHEN)).toBeNull();
    expect(consentOf(plain, 'reception', null, WHEN)).toBeNull();
  });
  it('on record asks for no tap, and is named by id and version', () => {
    const view = withConsents(plain, GIVEN);
    expect(nextStep(view, filled(view, 'neighbour', { signed: true }), WHEN)).toBe('save');
    expect(named(view, 'neighbour', 'on_record', null, WHEN)).toEqual({
      kind: 'neighbour',
      source: 'crm',
      ref: 'c1',
      v: 2,
      note: null,
    });
  });
  it('a question that reached nobody is waited for by nobody', () => {
    const question = { op_id: 'q', author: 'me', at: WHEN.now, kind: 'neighbour' as const };
    const asked = { ...plain, task: { ...plain.task, asked: [question] } };
    const said = [{ kind: 'unreached', op_id: 'q' }] as NoticeView[];
    expect(isUnreached(asked, 'neighbour', said)).toBe(true);
    expect(isUnreached(asked, 'neighbour', [])).toBe(false);
    expect(isUnreached(asked, 'reception', said)).toBe(false);
    const again = { ...plain, task: { ...plain.task, asked: [{ ...question, op_id: 'r' }] } };
    expect(isUnreached(again, 'neighbour', said)).toBe(false);
    const answered = withConsents(asked, { ...GIVEN, answers: 'q', task: plain.task.id });
    expect(isUnreached(answered, 'neighbour', said)).toBe(false);
  });
  it('an answer that comes while the form is open counts before what was told', () => {
    const question = { op_id: 'q', author: 'me', at: WHEN.now, kind: 'neighbour' as const };
    const asked = { ...plain, task: { ...plain.task, asked: [question] } };
    expect(askedAt(asked, 'neighbour')).toBe(WHEN.now);
    const answered = withConsents(asked, { ...GIVEN, answers: 'q', task: plain.task.id });
    expect(askedAt(answered, 'neighbour')).toBeNull();
    expect(consentOf(answered, 'neighbour', 'phone', WHEN)).toBe('on_record');
    expect(named(answered, 'neighbour', 'on_record', null, WHEN)).toMatchObject({ source: 'asked' });
  });
  it('a no for this parcel stands before a yes for all', () => {
    const view = withConsents(plain, GIVEN, { ...GIVEN, id: 'c2', given: false, task: plain.task.id });
    expect(consentOf(view, 'neighbour', null, WHEN)).toBeNull();
  });
  it('is asked anew when someone else takes it', () => {
    const first = filled(plain, 'locker', { consent: 'phone' });
    expect(chooseRecipient(first, 'neighbour').consent).toBeNull();
    expect(chooseRecipient(first, 'locker').consent).toBe('phone');
  });
});

describe('a code', () => {
  const pin = { salt: '00', iterations: 1, digest: 'ab' };
  const secured = { ...plain, pin };
  it('is asked for, and can be done without', () => {
    const form = filled(secured, 'self', { signed: true });
    expect(nextStep(secured, form, WHEN)).toBe('pin');
    expect(nextStep(secured, { ...form, pin: '1', pinCheck: 'wrong' }, WHEN)).toBe('pin');
    expect(nextStep(secured, { ...form, pinCheck: 'right' }, WHEN)).toBe('save');
    expect(nextStep(secured, { ...form, noPin: true }, WHEN)).toBe('save');
  });
  it('is told right from wrong without a network', async () => {
    const digest = pbkdf2Sync('012345', Buffer.from('0a0b', 'hex'), 10, 32, 'sha256').toString('hex');
    const row = { salt: '0a0b', iterations: 10, digest };
    expect(await checkPin(row, '01234')).toBe('none');
    expect(await checkPin(row, '012345')).toBe('right');
    expect(await checkPin(row, '543210')).toBe('wrong');
  });
});

describe('several', () => {
  it('fewer pieces ask what became of the rest', () => {
    const three = { ...plain, parcel: { ...plain.parcel, pieces: 3 } };
    const form = filled(three, 'self', { signed: true, pieces: 2 });
    expect(nextStep(three, form, WHEN)).toBe('rest');
    const { drafts } = signOff(three, { ...form, rest: 'SHORT' }, { signature, photos: [] }, AROUND);
    expect(drafts[0]?.payload).toMatchObject({ pieces: 2, rest: { reason: 'SHORT', note: null } });
    expect(
      signOff(three, { ...form, pieces: null }, { signature, photos: [] }, AROUND).drafts[0]?.payload,
    ).not.toHaveProperty('pieces');
  });
  it('parcels of one recipient at one door share signature and id', () => {
    const other = { ...plain, task: { ...plain.task, id: 'other' } };
    expect(alsoHere(plain, [plain, other, withCod, cancelled(other)])).toEqual([other]);
    const around = { ...AROUND, others: [other], together: 'both' };
    const { drafts, blobs } = signOff(plain, filled(plain, 'self'), { signature, photos: [] }, around);
    expect(blobs).toHaveLength(1);
    expect(drafts.map((one) => [one.entity, one.payload['signature'], one.payload['together']])).toEqual([
      [`task:${plain.task.id}`, 'blob:0', 'both'],
      ['task:other', 'blob:0', 'both'],
    ]);
  });
});

describe('money', () => {
  it('is the amount due unless another was typed', () => {
    expect(collected(withCod, blankForm())).toBe(12_800);
    expect(collected(withCod, { ...blankForm(), amount: '100' })).toBe(10_000);
    expect(collected(withCod, { ...blankForm(), amount: '' })).toBeNull();
    expect(collected(withCod, { ...blankForm(), amount: '0' })).toBeNull();
  });
  it('an amount that is none is still missing', () => {
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true, method: 'cash', amount: 'x' }), WHEN)).toBe(
      'payment',
    );
  });
});

describe('what is saved', () => {
  it('payment and delivery together, proofs by their place among the blobs', () => {
    const form = filled(withCod, 'self', { signed: true, method: 'cash', photos: 1 });
    const { drafts, blobs } = signOff(withCod, form, { signature, photos: [photo] }, AROUND);
    expect(blobs).toEqual([
      { bytes: signature, type: 'image/png', kind: 'signature' },
      { bytes: photo, type: 'image/jpeg', kind: 'photo' },
    ]);
    expect(drafts).toEqual([
      {
        type: 'payment.collected',
        entity: `obligation:${withCod.task.id}`,
        payload: { task: withCod.task.id, amount_minor: 12_800, currency: 'CNY', method: 'cash' },
      },
      {
        type: 'task.delivered',
        entity: `task:${withCod.task.id}`,
        base: { requests: withCod.customer.requests.map((request) => request.id) },
        payload: { recipient: 'self', recipient_name: null, signature: 'blob:0', photos: ['blob:1'], consent: null },
      },
    ]);
  });
  it('no payment where nothing is due, and what was told only where somebody else took it', () => {
    const told = { ...AROUND, note: '电话同意' };
    const form = filled(plain, 'neighbour', { name: ' 张三 ', consent: 'phone' });
    const { drafts } = signOff(plain, form, { signature: null, photos: [photo] }, told);
    expect(drafts).toHaveLength(1);
    expect(drafts[0]?.payload).toEqual({
      recipient: 'neighbour',
      recipient_name: '张三',
      signature: null,
      photos: ['blob:0'],
      consent: { kind: 'neighbour', source: 'told', ref: null, v: null, note: '电话同意' },
    });
    const none = signOff(plain, { ...form, consent: 'none' }, { signature, photos: [] }, told);
    expect(none.drafts[0]?.payload['consent']).toMatchObject({ source: 'none', note: null });
    const self = signOff(plain, filled(plain, 'self'), { signature, photos: [] }, told);
    expect(self.drafts[0]?.payload['consent']).toBeNull();
  });
});

describe('what the screen shows', () => {
  it.each([
    [plain, 'form'],
    [withOutcome(plain, 'delivered'), 'outcome'],
    [withOutcome(plain, 'attempt_failed'), 'outcome'],
    [cancelled(plain), 'stopped'],
    [{ ...plain, removed: { reason: 'reassigned', waiting: 2 } }, 'removed'],
  ] as [TaskView, string][])('case %#', (view, face) => expect(phase(view, false)).toBe(face));
  it('a second attempt and a parcel already handed over can still be recorded', () => {
    expect(phase(withOutcome(plain, 'attempt_failed'), true)).toBe('form');
    expect(phase(cancelled(plain), true)).toBe('form');
    expect(phase(withOutcome(plain, 'delivered'), true)).toBe('outcome');
  });
});
