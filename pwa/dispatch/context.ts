/** What every screen is handed: the state and the deeds that may change it. */
import { getContext, setContext } from 'svelte';
import type { Door } from './door';
import type { Desk } from './desk/state.svelte';
import type { Stamp } from './operations';

export interface Tools {
  desk: Desk;
  door: Door;
  /** Time (server's, as well as known) and randomness for new operations. */
  stamp(): Stamp;
  /** Read everything again now. */
  look(): void;
  /** Something that was kept over a reload: batches that have no answer yet. */
  keep: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  after(ms: number, fn: () => void): void;
  /** 0..1, to spread tries. */
  chance(): number;
}

const KEY = Symbol('desk tools');

export function provideTools(tools: Tools): void {
  setContext(KEY, tools);
}

export function useTools(): Tools {
  return getContext<Tools>(KEY);
}
