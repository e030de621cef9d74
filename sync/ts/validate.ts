/**
 * Is this an operation, and does it make sense? A list of problems, never an exception (P6, P18).
 *
 * The stages run in order and the first one that finds something answers alone, since each rests on those before it.
 */
import { derive, normalWaybill, unclean } from './canonical';
import { envelope as checkEnvelope, payloads, type Check, type CheckError } from './generated/validators';
import type { JsonObject } from './records';
import { KIND_OF_ENTITY_ANY, OPERATIONS, REASONS } from './tables';

/** What is wrong, where (a path like `payload.photos.0`) and, for a person who reads logs, why. */
export interface Problem {
  code: string;
  field: string;
  detail: string;
}

/** What a writer may say of himself, by type and role: a courier proposes, a customer speaks for himself. */
const SPEAKS_AS: Record<string, Record<string, Record<string, string>>> = {
  'customer.request_set': {
    courier: { state: 'proposed', source: 'courier' },
    customer: { source: 'customer' },
  },
  'customer.consent_set': { customer: { source: 'customer' } },
};

const EXCEPTIONS = ['task.attempt_failed', 'task.held', 'task.returned', 'task.problem_reported'];

type Unjudged = Record<string, unknown>;

/** The problems of an upcast operation, sorted by field and code; `role` is the author's, null leaves permission open. */
export function validate(envelope: unknown, role: string | null = null): Problem[] {
  if (!isObject(envelope)) return [problem('', 'malformed', 'an operation is an object')];
  const stages = [
    () => uncleanParts(envelope),
    () => shape(envelope),
    () => known(envelope, role),
    () => payloadShape(envelope),
    () => sense(envelope['type'] as string, envelope['entity'] as string, envelope['payload'] as JsonObject, role),
  ];
  for (const stage of stages) {
    const problems = tidy(stage());
    if (problems.length) return problems;
  }
  return [];
}

function uncleanParts(envelope: Unjudged): Problem[] {
  return [...unclean(envelope)].map(({ path, what }) =>
    problem(path, what === 'number' ? 'out_of_range' : 'malformed', `nothing can hold this ${what}`),
  );
}

function shape(envelope: Unjudged): Problem[] {
  const { payload, ...head } = envelope;
  const found = refusals(checkEnvelope, head, 'malformed', '');
  return isObject(payload) ? found : [...found, problem('payload', 'malformed', 'the payload is an object')];
}

function known(envelope: Unjudged, role: string | null): Problem[] {
  const type = envelope['type'] as string;
  const rule = Object.hasOwn(OPERATIONS, type) ? OPERATIONS[type] : undefined;
  if (rule === undefined) return [problem('type', 'unknown_type', 'no such type of operation')];
  const kind = (envelope['entity'] as string).split(':')[0] as string;
  const found: Problem[] = [];
  if (envelope['v'] !== rule.v) found.push(problem('v', 'unknown_version', `version ${rule.v} is known`));
  if (rule.entity !== kind && rule.entity !== KIND_OF_ENTITY_ANY) {
    found.push(problem('entity', 'wrong_entity', `this is about a ${rule.entity}`));
  }
  if (role !== null && !rule.roles.includes(role)) {
    found.push(problem('type', 'forbidden', `a ${role} may not write this`));
  }
  return found;
}

function payloadShape(envelope: Unjudged): Problem[] {
  const check = payloads[envelope['type'] as string];
  if (check === undefined) return [problem('type', 'unknown_type', 'no such type of operation')];
  return refusals(check, envelope['payload'], 'invalid_payload', 'payload');
}

function refusals(check: Check, value: unknown, code: string, path: string): Problem[] {
  if (check(value)) return [];
  return (check.errors ?? []).flatMap((error) => {
    const field = fieldOf(error, path);
    return field === null ? [] : [problem(field, code, error.keyword)];
  });
}

/** Where an error of the validator points; null for those that only sum up others. */
function fieldOf({ keyword, instancePath, params }: CheckError, path: string): string | null {
  // An object that may be null is a choice of two shapes: that it is not null is no complaint of its own.
  if (keyword === 'anyOf' || (keyword === 'type' && params['type'] === 'null')) return null;
  const steps = instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = params['missingProperty'] ?? params['additionalProperty'];
  return [path, ...steps, ...(last === undefined ? [] : [String(last)])].filter((step) => step !== '').join('.');
}

/** What no shape can say: values that contradict each other or name what does not exist. */
function sense(type: string, entity: string, payload: JsonObject, role: string | null): Problem[] {
  const found: Problem[] = type === 'customer.request_set' ? requestSense(payload) : [];
  for (const [name, allowed] of Object.entries(SPEAKS_AS[type]?.[role ?? ''] ?? {})) {
    if (payload[name] === allowed) continue;
    found.push(problem(`payload.${name}`, 'invalid_payload', `a ${role} can only say ${allowed} here`));
  }
  if (type === 'task.delivered') found.push(...deliveredSense(payload));
  if (EXCEPTIONS.includes(type) && !Object.hasOwn(REASONS, payload['reason'] as string)) {
    found.push(problem('payload.reason', 'invalid_payload', 'no such reason'));
  }
  const [start, end] = [payload['window_start'] ?? null, payload['window_end'] ?? null];
  if (start !== null && end !== null && end < start) {
    found.push(problem('payload.window_end', 'invalid_payload', 'the window ends before it starts'));
  }
  const named = namedEntity(type, payload);
  if (named !== null && named !== entity) {
    found.push(problem('entity', 'wrong_entity', 'the payload speaks of another entity'));
  }
  if (type === 'order.imported' || type === 'parcel.scanned') {
    const waybill = payload['waybill'] as string;
    if (!waybill || waybill !== normalWaybill(waybill)) {
      found.push(problem('payload.waybill', 'invalid_payload', 'the waybill is not in its normal form'));
    }
  }
  return found;
}

/** A consent for whoever took it, and a rest only of pieces that were counted. */
function deliveredSense(payload: JsonObject): Problem[] {
  const found: Problem[] = [];
  const consent = payload['consent'] as { kind: string } | null;
  const rest = payload['rest'] as { reason: string } | undefined;
  if (consent !== null && consent.kind !== payload['recipient']) {
    found.push(problem('payload.consent.kind', 'invalid_payload', 'the consent is for somebody else'));
  }
  if (rest !== undefined && !Object.hasOwn(REASONS, rest.reason)) {
    found.push(problem('payload.rest.reason', 'invalid_payload', 'no such reason'));
  }
  if (rest !== undefined && payload['pieces'] === undefined) {
    found.push(problem('payload.pieces', 'invalid_payload', 'a rest is of pieces that were counted'));
  }
  return found;
}

/** A scope that says what it is about, weekdays in their order, and an end after the start. */
function requestSense(payload: JsonObject): Problem[] {
  const found: Problem[] = [];
  const wrong = (name: string, detail: string): void => {
    found.push(problem(`payload.${name}`, 'invalid_payload', detail));
  };
  const { scope, address, task, valid_from: start, valid_until: end } = payload;
  const weekdays = payload['weekdays'] as number[];
  if (scope === 'address' && address === null) wrong('address', 'a request for one address names it');
  if (scope === 'parcel' && task === null) wrong('task', 'a request for one parcel names its task');
  const inOrder = weekdays.every((day, index) => index === 0 || (weekdays[index - 1] as number) < day);
  if (!inOrder || (scope === 'weekdays' && !weekdays.length)) {
    wrong('weekdays', 'weekdays are named once each, in their order');
  }
  if ((start ?? null) !== null && (end ?? null) !== null && (end as number) < (start as number)) {
    wrong('valid_until', 'the request ends before it starts');
  }
  return found;
}

function namedEntity(type: string, payload: JsonObject): string | null {
  const word = (key: string): string => payload[key] as string;
  if (type === 'order.imported') return `task:${derive('task', word('kind'), word('waybill'))}`;
  if (type === 'parcel.scanned') return `parcel:${derive('parcel', word('waybill'))}`;
  if (type === 'payment.collected') return `obligation:${word('task')}`;
  return null;
}

/** One problem for each field and code, in an order both languages share. */
function tidy(problems: Problem[]): Problem[] {
  const once = new Map(problems.map((one) => [`${one.field}\n${one.code}`, one]));
  return [...once.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function problem(field: string, code: string, detail: string): Problem {
  return { code, field, detail };
}

function isObject(value: unknown): value is Unjudged {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
