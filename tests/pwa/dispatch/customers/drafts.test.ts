import { describe, expect, it } from 'vitest';
import {
  accept,
  changedFields,
  consentSet,
  decline,
  isOpen,
  newContact,
  newRequest,
  parseTags,
  profileLacks,
  profileSet,
  requestAdd,
  requestChange,
  requestLacks,
  scoped,
  seenProfile,
  takenBack,
} from '../../../../pwa/dispatch/customers/drafts';
import { CUSTOMER, request, STAMP } from './cases';

const OF = { id: CUSTOMER.id, rev: 7 };

describe('a profile', () => {
  it('goes out as it was seen where nobody looked behind the masks', () => {
    const seen = seenProfile(CUSTOMER, {});
    const made = profileSet(STAMP, OF, { ...seen, tier: 'key' }, seen);
    expect(made).toMatchObject({ type: 'customer.profile_set', v: 1, entity: `customer:${OF.id}`, base_rev: 7 });
    expect(made.base).toMatchObject({ name: '王*明', phone: '138******01', tier: 'casual' });
    expect(made.payload).toEqual({ ...made.base, tier: 'key' });
  });
  it('lets masked fields be typed in only once they are clear, and empty ones at once', () => {
    expect(isOpen('name', CUSTOMER, {})).toBe(false);
    expect(isOpen('name', CUSTOMER, { name: '王小明' })).toBe(true);
    expect(isOpen('email', CUSTOMER, {})).toBe(true);
    expect(isOpen('email', { ...CUSTOMER, email: 'w***@x.cn' }, {})).toBe(false);
    expect(isOpen('email', { ...CUSTOMER, email: 'w***@x.cn' }, { email: null })).toBe(true);
    expect(isOpen('contacts', CUSTOMER, {})).toBe(true);
    expect(isOpen('contacts', { ...CUSTOMER, contacts: [newContact(STAMP)] }, {})).toBe(false);
    expect(seenProfile(CUSTOMER, { name: '王小明', email: null }).name).toBe('王小明');
  });
  it('names what was changed', () => {
    const seen = seenProfile(CUSTOMER, {});
    expect(changedFields(seen, seen)).toEqual([]);
    expect(changedFields({ ...seen, tags: ['vip'], language: 'en' }, seen)).toEqual(['language', 'tags']);
  });
  it('takes tags however they are separated', () => {
    expect(parseTags(' 冷链, vip、周五;vip\n')).toEqual(['冷链', 'vip', '周五']);
    expect(parseTags('  ')).toEqual([]);
  });
  it('says what is wrong with it', () => {
    const seen = seenProfile(CUSTOMER, {});
    expect(profileLacks(seen)).toEqual({});
    expect(profileLacks({ ...seen, name: ' ' })).toEqual({ name: true });
    expect(profileLacks({ ...seen, name: 'a\u0000b' })).toEqual({ name: true });
    expect(profileLacks({ ...seen, phone: '1'.repeat(65) })).toEqual({ phone: true });
    for (const email of ['x', '@x', 'x@', 'a b@x.cn', '王@x.cn']) {
      expect(profileLacks({ ...seen, email })).toEqual({ email: true });
    }
    expect(profileLacks({ ...seen, tags: Array.from({ length: 21 }, (_, n) => `t${n}`) })).toEqual({ tags: true });
    expect(profileLacks({ ...seen, contacts: [newContact(STAMP)] })).toEqual({ contacts: true });
    const zoe = { ...newContact(STAMP), name: 'Zoe', email: 'z@x.cn' };
    expect(profileLacks({ ...seen, contacts: [zoe] })).toEqual({});
    expect(profileLacks({ ...seen, contacts: [{ ...zoe, email: 'zoe' }] })).toEqual({ contacts: true });
  });
});

describe('a special request', () => {
  it('written at the desk counts at once', () => {
    const made = requestAdd(STAMP, OF, { ...newRequest(), kind: 'other', text: ' 后门 ' });
    expect(made.v).toBe(2);
    expect(made.base).toEqual({});
    expect(made.payload).toMatchObject({
      text: '后门',
      source: 'csr',
      state: 'accepted',
      active: true,
      scope: 'always',
    });
  });
  it('carries the part of its scope and no other', () => {
    const all = { ...newRequest(), address: 'x', task: 't', weekdays: [1] };
    expect(scoped(all, 'always')).toMatchObject({ scope: 'always', address: null, task: null, weekdays: [] });
    expect(scoped(all, 'address')).toMatchObject({ address: 'x', task: null, weekdays: [] });
    expect(scoped(all, 'parcel')).toMatchObject({ address: null, task: 't', weekdays: [] });
    expect(scoped(all, 'weekdays')).toMatchObject({ address: null, task: null, weekdays: [1] });
  });
  it('says what it lacks', () => {
    const plain = newRequest();
    expect(requestLacks(plain)).toEqual({});
    expect(requestLacks({ ...plain, kind: 'other' })).toEqual({ text: true });
    expect(requestLacks({ ...plain, text: 'x'.repeat(501) })).toEqual({ text: true });
    expect(requestLacks({ ...plain, scope: 'address' })).toEqual({ address: true });
    expect(requestLacks({ ...plain, scope: 'parcel' })).toEqual({ task: true });
    expect(requestLacks({ ...plain, scope: 'weekdays' })).toEqual({ weekdays: true });
    expect(requestLacks({ ...plain, valid_from: 2, valid_until: 1 })).toEqual({ valid: true });
  });
  it('is accepted or declined with everything else as it was seen', () => {
    const seen = request({ state: 'proposed', source: 'courier', scope: 'parcel', task: 't-1' });
    const yes = accept(STAMP, OF, seen);
    expect(yes.base).toEqual({
      text: seen.text,
      active: true,
      scope: 'parcel',
      weekdays: [],
      state: 'proposed',
      valid_from: null,
      valid_until: null,
    });
    expect(yes.payload).toMatchObject({ request: seen.id, state: 'accepted', source: 'courier', task: 't-1' });
    expect(decline(STAMP, OF, seen).payload).toMatchObject({ state: 'proposed', active: false });
  });
  it('says nothing of an address it sees masked, unless the scope changes', () => {
    const seen = request({ scope: 'address', address: '文三路 100 号 ***' });
    for (const change of [{ active: false }, { text: 'x', scope: 'address' as const, address: seen.address }]) {
      const made = requestChange(STAMP, OF, seen, change);
      expect(made.base).toMatchObject({ scope: 'always' });
      expect(made.payload).toMatchObject({ scope: 'always', address: null, task: null });
      expect(JSON.stringify(made)).not.toContain('文三路');
    }
    const moved = requestChange(STAMP, OF, seen, { scope: 'address', address: '中山路 8 号 501' });
    expect(moved.base).toMatchObject({ scope: 'address' });
    expect(moved.payload).toMatchObject({ scope: 'address', address: '中山路 8 号 501' });
    const wider = requestChange(STAMP, OF, seen, { scope: 'always', address: null });
    expect(wider.base).toMatchObject({ scope: 'address' });
    expect(wider.payload).toMatchObject({ scope: 'always', address: null });
  });
});

describe('consents and corrections', () => {
  it('name how the consent is known', () => {
    const made = consentSet(STAMP, OF, { kind: 'locker', given: false, source: 'paper', note: ' ' });
    expect(made.payload).toMatchObject({ kind: 'locker', given: false, source: 'paper', note: null });
    expect(typeof made.payload['consent']).toBe('string');
  });
  it('take back exactly one operation', () => {
    const made = accept(STAMP, OF, request({ state: 'proposed' }));
    const back = takenBack(STAMP, made, 'undo');
    expect(back).toMatchObject({ type: 'operation.corrected', v: 1, entity: made.entity, base: {} });
    expect(back.payload).toEqual({ corrects: made.op_id, error: 'did_not_occur', note: 'undo' });
    expect(back.op_id).not.toBe(made.op_id);
  });
});
