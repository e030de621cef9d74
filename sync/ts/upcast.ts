/** Old versions of operations are understood for ever (P6): each step lifts one version to the next. */

type Liftable = Record<string, unknown>;
export type Steps = Record<string, (envelope: Liftable) => Liftable>;

/** `type@version` -> the step to the next version. Nothing has changed since version 1. */
export const STEPS: Steps = {};

/**
 * The operation in the newest version there is a way to. What is no operation, has an unknown type or comes from a newer version
 * is returned as it is: validate names it. The log keeps the operation as it was sent; only the copy that is decided is lifted.
 */
export function upcast(envelope: Liftable, steps: Steps = STEPS): Liftable {
  let lifted = envelope;
  for (;;) {
    const step = typeof lifted['type'] === 'string' ? steps[`${lifted['type']}@${String(lifted['v'])}`] : undefined;
    if (step === undefined) return lifted;
    lifted = step(lifted);
  }
}
