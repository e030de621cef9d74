import { describe, expect, it } from 'vitest';
import {
  blankForm,
  checklist,
  chooseRecipient,
  collected,
  consentOnOrder,
  nextStep,
  phase,
  signOff,
  type DoorForm,
  type Recipient,
} from '../../../pwa/courier/door/model';
import type { TaskView } from '../../../pwa/engine';
import { aDay, WHEN } from '../preview/fixtures';
import { cancelled, scanned, withOutcome } from './cases';

const [withCod, plain, office] = aDay() as [TaskView, TaskView, TaskView];
const signature = new Uint8Array([1]);
const photo = new Uint8Array([2]);

function filled(view: TaskView, recipient: Recipient, more: Partial<DoorForm> = {}): DoorForm {
  return { ...chooseRecipient(view, blankForm(), recipient, WHEN), ...more };
}

describe('the next missing thing', () => {
  it('is who takes it, then the signature, then nothing', () => {
    expect(nextStep(plain, blankForm())).toBe('recipient');
    expect(nextStep(plain, filled(plain, 'self'))).toBe('signature');
    expect(nextStep(plain, filled(plain, 'self', { signed: true }))).toBe('save');
  });
  it('is the money before anything else', () => {
    expect(nextStep(withCod, blankForm())).toBe('payment');
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true }))).toBe('payment');
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true, method: 'cash' }))).toBe('save');
  });
  it.each(['family', 'reception', 'neighbour', 'locker', 'station'] as const)(
    'for %s a consent is recorded first',
    (recipient) => {
      expect(nextStep(plain, filled(plain, recipient, { signed: true, photos: 1 }))).toBe('consent');
      expect(nextStep(plain, filled(plain, recipient, { signed: true, photos: 1, consent: 'phone' }))).toBe('save');
    },
  );
  it('a consent in other words needs the words', () => {
    const form = filled(plain, 'locker', { photos: 1, consent: 'other' });
    expect(nextStep(plain, form)).toBe('consent');
    expect(nextStep(plain, { ...form, consentNote: '微信同意' })).toBe('save');
  });
  it('a locker cannot sign, its photo is the proof', () => {
    const form = filled(plain, 'locker', { consent: 'phone' });
    expect(nextStep(plain, form)).toBe('photo');
    expect(checklist(plain, form).map((item) => item.step)).toEqual(['scan', 'recipient', 'consent', 'photo']);
  });
  it('a photo stands in for a signature that cannot be had', () => {
    expect(nextStep(plain, filled(plain, 'self', { photos: 1 }))).toBe('save');
  });
  it('a scan fills its line and is never in the way', () => {
    expect(checklist(plain, blankForm())[0]).toEqual({ step: 'scan', done: false, optional: true });
    expect(checklist(scanned(plain), blankForm())[0]?.done).toBe(true);
  });
});

describe('consent', () => {
  it('is not on an order whose wish is for other days', () => {
    const [asked] = office.customer.requests;
    const weekend = { ...asked!, weekdays: [6, 7] };
    const other = { ...office, customer: { ...office.customer, requests: [weekend] } };
    expect(consentOnOrder(other, 'reception', WHEN)).toBe(false);
  });
  it('is on the order when the customer asked for the reception', () => {
    expect(consentOnOrder(office, 'reception', WHEN)).toBe(true);
    expect(filled(office, 'reception').consent).toBe('on_order');
    expect(filled(office, 'neighbour').consent).toBeNull();
    expect(filled(plain, 'reception').consent).toBeNull();
  });
  it('is asked anew when someone else takes it', () => {
    const first = filled(plain, 'family', { consent: 'phone' });
    expect(chooseRecipient(plain, first, 'neighbour', WHEN).consent).toBeNull();
    expect(chooseRecipient(plain, first, 'family', WHEN).consent).toBe('phone');
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
    expect(nextStep(withCod, filled(withCod, 'self', { signed: true, method: 'cash', amount: 'x' }))).toBe('payment');
  });
});

describe('what is saved', () => {
  it('payment and delivery together, proofs by their place among the blobs', () => {
    const form = filled(withCod, 'self', { signed: true, method: 'cash', photos: 1 });
    const { drafts, blobs } = signOff(withCod, form, { signature, photos: [photo] }, null);
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
  it('no payment where nothing is due, consent only where someone else took it', () => {
    const { drafts } = signOff(
      plain,
      filled(plain, 'family', { name: ' 张三 ' }),
      { signature: null, photos: [photo] },
      '电话同意',
    );
    expect(drafts).toHaveLength(1);
    expect(drafts[0]?.payload).toEqual({
      recipient: 'family',
      recipient_name: '张三',
      signature: null,
      photos: ['blob:0'],
      consent: '电话同意',
    });
    expect(
      signOff(plain, filled(plain, 'self'), { signature, photos: [] }, 'x').drafts[0]?.payload['consent'],
    ).toBeNull();
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
