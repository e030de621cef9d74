/** Web Locks of one simulated handheld, tabs and service worker together: in order of asking, and to be stolen (P12). */
import type { Platform } from '../platform';

export function webLocks(): Platform['locks'] & { steal: NonNullable<Platform['locks']['steal']> } {
  const held = new Map<string, { rob: () => void; over: Promise<unknown> }>();

  /** Whoever is robbed hears of it, and goes on running until somebody stops him. */
  const hold = <T>(name: string, fn: () => Promise<T>): Promise<T> => {
    let rob = (): void => undefined;
    const robbed = new Promise<never>((_, reject) => {
      rob = () => reject(new DOMException('stolen', 'AbortError'));
    });
    const done = Promise.race([fn(), robbed]);
    const mine = { rob, over: done.catch(() => undefined) };
    held.set(name, mine);
    const leave = (): void => {
      if (held.get(name) === mine) held.delete(name);
    };
    void done.then(leave, leave);
    return done;
  };

  return {
    run: async (name, fn, givenUp) => {
      for (let there = held.get(name); there; there = held.get(name)) {
        await Promise.race([there.over, aborted(givenUp)]);
      }
      return hold(name, fn);
    },
    steal: (name, fn) => {
      held.get(name)?.rob();
      held.delete(name);
      return hold(name, fn);
    },
  };
}

async function aborted(givenUp: Promise<void> | undefined): Promise<never> {
  await (givenUp ?? new Promise<void>(() => undefined));
  throw new DOMException('given up', 'AbortError');
}
