/** Forms of a customer: what is typed, what is wrong with it, and the operation it becomes. Pure.
 *
 * The desk holds masked values. What nobody revealed goes out as it was seen, on both sides (base and payload): by the
 * three-way merge of the server what stands is then kept, and nobody disputes it.
 */
import { correct, made, uuid7, type Operation, type Stamp } from '../operations';
import type { Clear, ConsentKind, ConsentSource, Contact, CustomerRequest, Profile, RequestScope } from './types';

interface Whose {
  id: string;
  rev: number;
}

function operation(
  stamp: Stamp,
  of: Whose,
  type: 'customer.request_set' | 'customer.profile_set' | 'customer.consent_set',
  base: Operation['base'],
  payload: object,
): Operation {
  const v = type === 'customer.request_set' ? 2 : 1;
  return made(stamp, `customer:${of.id}`, type, payload, { v, base_rev: of.rev, base });
}

/** "This did not happen": the server folds the customer again without it. */
export function takenBack(stamp: Stamp, done: Operation, note: string): Operation {
  return correct(stamp, done.entity, done.op_id, note);
}

// --- profile ---------------------------------------------------------------------------------------------------------

const PROFILE_FIELDS = ['kind', 'name', 'phone', 'email', 'language', 'tier', 'contacts', 'tags'] as const;
export type ProfileField = (typeof PROFILE_FIELDS)[number];
/** Fields the desk sees masked. */
export const GUARDED = ['name', 'phone', 'email', 'contacts'] as const;
export type Guarded = (typeof GUARDED)[number];

const MOST_NAME = 120;
const MOST_PHONE = 64;
const MOST_TAGS = 20;
const MOST_CONTACTS = 20;
const EMAIL = /^[!-?A-~]+@[!-?A-~]+$/;
// eslint-disable-next-line no-control-regex -- a line on the wire holds none of these
const CONTROL = /[\u0000-\u001f\u007f]/;

/** What the writer saw: masked, or in the clear where it was revealed. */
export function seenProfile(customer: Profile, clear: Clear): Profile {
  return {
    kind: customer.kind,
    name: clear.name ?? customer.name,
    phone: clear.phone ?? customer.phone,
    email: clear.email === undefined ? customer.email : clear.email,
    language: customer.language,
    tier: customer.tier,
    contacts: clear.contacts ?? customer.contacts,
    tags: customer.tags,
  };
}

/** May this field be typed in? What is masked may not, what is empty has nothing to hide. */
export function isOpen(field: Guarded, customer: Profile, clear: Clear): boolean {
  if (field === 'email') return clear.email !== undefined || !customer.email;
  if (field === 'contacts') return clear.contacts !== undefined || customer.contacts.length === 0;
  return clear[field] !== undefined || customer[field] === '';
}

/** `vip, 冷链` and line feeds -> tags, each once, in the order typed. */
export function parseTags(text: string): string[] {
  const tags = text.split(/[,,、;;\n]/).map((tag) => tag.trim());
  return [...new Set(tags.filter((tag) => tag !== ''))];
}

export type ProfileLack = 'name' | 'phone' | 'email' | 'tags' | 'contacts';

/** What is wrong with a profile, field by field. */
export function profileLacks(draft: Profile): Partial<Record<ProfileLack, true>> {
  const lacks: Partial<Record<ProfileLack, true>> = {};
  if (draft.name.trim() === '' || draft.name.length > MOST_NAME || CONTROL.test(draft.name)) lacks.name = true;
  if (draft.phone.length > MOST_PHONE || CONTROL.test(draft.phone)) lacks.phone = true;
  if (draft.email !== null && !EMAIL.test(draft.email)) lacks.email = true;
  const long = draft.tags.some((tag) => tag.length > MOST_PHONE || CONTROL.test(tag));
  if (draft.tags.length > MOST_TAGS || long) lacks.tags = true;
  if (draft.contacts.length > MOST_CONTACTS || draft.contacts.some((one) => !isContact(one))) lacks.contacts = true;
  return lacks;
}

function isContact(one: Contact): boolean {
  const words = [one.name, one.phone, one.role];
  if (one.name.trim() === '' && one.phone.trim() === '') return false;
  if (words.some((text) => text.length > MOST_PHONE || CONTROL.test(text))) return false;
  return one.email === null || EMAIL.test(one.email);
}

export function newContact(stamp: Stamp): Contact {
  return { id: uuid7(stamp), name: '', phone: '', email: null, role: '' };
}

/** Fields of the draft that differ from what was seen. */
export function changedFields(draft: Profile, seen: Profile): ProfileField[] {
  return PROFILE_FIELDS.filter((field) => JSON.stringify(draft[field]) !== JSON.stringify(seen[field]));
}

export function profileSet(stamp: Stamp, of: Whose, draft: Profile, seen: Profile): Operation {
  return operation(stamp, of, 'customer.profile_set', picked(seen), picked(draft));
}

function picked(profile: Profile): Record<ProfileField, unknown> {
  return Object.fromEntries(PROFILE_FIELDS.map((field) => [field, profile[field]])) as Record<ProfileField, unknown>;
}

// --- special requests ------------------------------------------------------------------------------------------------

/** The fields of a request that merge three ways. */
const MERGED = ['text', 'active', 'scope', 'weekdays', 'state', 'valid_from', 'valid_until'] as const;
const MOST_TEXT = 500;

export type RequestDraft = Pick<
  CustomerRequest,
  'kind' | 'text' | 'scope' | 'address' | 'task' | 'weekdays' | 'valid_from' | 'valid_until'
>;

export function newRequest(): RequestDraft {
  return {
    kind: 'call_first',
    text: '',
    scope: 'always',
    address: null,
    task: null,
    weekdays: [],
    valid_from: null,
    valid_until: null,
  };
}

export type RequestLack = 'text' | 'address' | 'task' | 'weekdays' | 'valid';

export function requestLacks(draft: RequestDraft): Partial<Record<RequestLack, true>> {
  const lacks: Partial<Record<RequestLack, true>> = {};
  if ((draft.kind === 'other' && draft.text.trim() === '') || draft.text.length > MOST_TEXT) lacks.text = true;
  if (draft.scope === 'address' && !draft.address) lacks.address = true;
  if (draft.scope === 'parcel' && !draft.task) lacks.task = true;
  if (draft.scope === 'weekdays' && draft.weekdays.length === 0) lacks.weekdays = true;
  const { valid_from: from, valid_until: until } = draft;
  if (from !== null && until !== null && until < from) lacks.valid = true;
  return lacks;
}

/** A scope carries its own part and no other. */
export function scoped(draft: RequestDraft, scope: RequestScope): RequestDraft {
  return {
    ...draft,
    scope,
    address: scope === 'address' ? draft.address : null,
    task: scope === 'parcel' ? draft.task : null,
    weekdays: scope === 'weekdays' ? draft.weekdays : [],
  };
}

/** A new request, written at the desk: it counts at once. */
export function requestAdd(stamp: Stamp, of: Whose, draft: RequestDraft): Operation {
  const payload = {
    ...scoped(draft, draft.scope),
    text: draft.text.trim(),
    request: uuid7(stamp),
    active: true,
    source: 'csr',
    state: 'accepted',
  };
  return operation(stamp, of, 'customer.request_set', {}, payload);
}

type Change = Partial<Pick<CustomerRequest, 'active' | 'state'> & RequestDraft>;

/**
 * A change of a request that is there: all as it was seen, but for what changes.
 *
 * The address a request is for is masked here and cannot be sent back. Unless the scope itself changes, the operation
 * says nothing new about it (base and payload alike), and the server keeps scope, address and task as they stand.
 */
export function requestChange(stamp: Stamp, of: Whose, seen: CustomerRequest, change: Change): Operation {
  const kept = seen.scope === 'address' && (change.scope === undefined || change.address === seen.address);
  const about = kept ? { scope: 'always', address: null, task: null } : pickedFrom(seen, ['scope', 'address', 'task']);
  const base = { ...pickedFrom(seen, MERGED), scope: about['scope'] };
  const payload = { ...base, kind: seen.kind, source: seen.source, ...about, ...change, request: seen.id };
  return operation(stamp, of, 'customer.request_set', base, kept ? { ...payload, ...about } : payload);
}

function pickedFrom(seen: CustomerRequest, names: readonly (keyof CustomerRequest)[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, seen[name]]));
}

export function accept(stamp: Stamp, of: Whose, seen: CustomerRequest): Operation {
  return requestChange(stamp, of, seen, { state: 'accepted' });
}

/** What was declined is kept and not shown at the door. */
export function decline(stamp: Stamp, of: Whose, seen: CustomerRequest): Operation {
  return requestChange(stamp, of, seen, { active: false });
}

// --- consents --------------------------------------------------------------------------------------------------------

export const CONSENT_KINDS: readonly ConsentKind[] = [
  'reception',
  'neighbour',
  'locker',
  'station',
  'notices',
  'marketing',
];
export const CONSENT_SOURCES: readonly ConsentSource[] = ['customer', 'csr', 'courier', 'paper'];

export interface ConsentDraft {
  kind: ConsentKind;
  given: boolean;
  source: ConsentSource;
  note: string;
}

export function consentSet(stamp: Stamp, of: Whose, draft: ConsentDraft): Operation {
  const note = draft.note.trim();
  const payload = { ...draft, consent: uuid7(stamp), note: note === '' ? null : note };
  return operation(stamp, of, 'customer.consent_set', {}, payload);
}
