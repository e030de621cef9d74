/** Old versions of operations are understood for ever (P6): each step lifts one version to the next. */

type Liftable = Record<string, unknown>;
export type Steps = Record<string, (envelope: Liftable) => Liftable>;

/**
 * Version 1 knew no scope, no source and nobody who had to accept: what was asked counted everywhere, at once. A handheld may only
 * propose, so what one asked for in version 1 is a proposal. What is no payload stays as it is.
 */
function requestSetV1(envelope: Liftable): Liftable {
  const { payload } = envelope;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return { ...envelope, v: 2 };
  const fromDoor = (envelope['device'] ?? null) !== null;
  const since = {
    scope: 'always',
    address: null,
    task: null,
    weekdays: [],
    source: fromDoor ? 'courier' : 'csr',
    state: fromDoor ? 'proposed' : 'accepted',
    valid_from: null,
    valid_until: null,
  };
  return { ...envelope, v: 2, payload: { ...since, ...payload } };
}

/** In version 1 an order came once and for all: none followed a cancellation. */
function orderImportedV1(envelope: Liftable): Liftable {
  const { payload } = envelope;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return { ...envelope, v: 2 };
  return { ...envelope, v: 2, payload: { after: null, ...payload } };
}

/** In version 1 a consent was a sentence, what the courier had been told. */
function deliveredV1(envelope: Liftable): Liftable {
  const { payload } = envelope;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return { ...envelope, v: 2 };
  const { consent: note, recipient: kind = null } = payload as Liftable;
  if (typeof note !== 'string') return { ...envelope, v: 2 };
  return { ...envelope, v: 2, payload: { ...payload, consent: { kind, source: 'told', ref: null, v: null, note } } };
}

/** `type@version` -> the step to the next version. */
export const STEPS: Steps = {
  'customer.request_set@1': requestSetV1,
  'order.imported@1': orderImportedV1,
  'task.delivered@1': deliveredV1,
};

/**
 * The operation in the newest version there is a way to. What is no operation, has an unknown type or comes from a newer version
 * is returned as it is: validate names it. The log keeps the operation as it was sent; only the copy that is decided is lifted.
 */
export function upcast(envelope: Liftable, steps: Steps = STEPS): Liftable {
  let lifted = envelope;
  for (;;) {
    const { type, v } = lifted;
    const step = typeof type === 'string' && typeof v === 'number' ? steps[`${type}@${v}`] : undefined;
    if (step === undefined) return lifted;
    lifted = step(lifted);
  }
}
