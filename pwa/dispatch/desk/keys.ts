/** Keys of the desk as commands. Pure, so that the table of keys can be tested and the help page can show it. */
import type { Deed } from '../bulk/model';
import type { Mode, View } from '../route';

/** What cursor keys mean in any list. */
export type ListCommand = { do: 'move'; step: number; extend: boolean } | { do: 'select' | 'select_all' | 'open' };

export type Command =
  | ListCommand
  | { do: 'search' | 'help' | 'escape' | 'undo' | 'palette' | 'save_filter' }
  | { do: 'deed'; deed: Deed }
  | { do: 'mode'; mode: Mode }
  | { do: 'view'; view: View };

export interface Press {
  key: string;
  shift: boolean;
  /** Ctrl or Meta. */
  control: boolean;
  /** Alt, or AltGr: those combinations belong to the browser. */
  alt: boolean;
  /** The press happened in a field where letters are text. */
  typing: boolean;
}

/** What a press meant, and whether the next one is the second half of a `g`. */
export interface Heard {
  command: Command | null;
  going: boolean;
}

const DEEDS = { a: 'assign', r: 'reassign', c: 'cancel', t: 'reattempt', w: 'window', n: 'note' } as const;
const MODES = { '1': 'table', '2': 'couriers', '3': 'map' } as const;
/** After `g`. */
export const PLACES = {
  t: { do: 'mode', mode: 'table' },
  p: { do: 'mode', mode: 'couriers' },
  m: { do: 'mode', mode: 'map' },
  b: { do: 'view', view: 'board' },
  c: { do: 'view', view: 'conflicts' },
  u: { do: 'view', view: 'customers' },
  o: { do: 'view', view: 'orders' },
  n: { do: 'view', view: 'notices' },
  d: { do: 'view', view: 'devices' },
} as const satisfies Record<string, Command>;
const PLAIN = {
  x: 'select',
  '*': 'select_all',
  Enter: 'open',
  '/': 'search',
  '?': 'help',
  z: 'undo',
  s: 'save_filter',
} as const;
const STEPS: Readonly<Record<string, number>> = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 15,
  PageUp: -15,
  Home: Number.MIN_SAFE_INTEGER,
  End: Number.MAX_SAFE_INTEGER,
};

function has<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}

function plain(key: string, shift: boolean): Command | null {
  const step = STEPS[key];
  if (step !== undefined) return { do: 'move', step, extend: shift };
  if (has(PLAIN, key)) return { do: PLAIN[key] };
  if (shift) return null;
  if (has(DEEDS, key)) return { do: 'deed', deed: DEEDS[key] };
  if (has(MODES, key)) return { do: 'mode', mode: MODES[key] };
  return null;
}

/** `going`: the last press was a `g`. */
export function hear(press: Press, going: boolean): Heard {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const only = (command: Command | null): Heard => ({ command, going: false });
  if (press.control && !press.alt && !press.shift && key === 'k') return only({ do: 'palette' });
  if (press.control || press.alt) return only(null);
  if (press.key === 'Escape') return only({ do: 'escape' });
  if (press.typing) return only(null);
  if (going) return only(has(PLACES, key) ? PLACES[key] : null);
  if (key === 'g' && !press.shift) return { command: null, going: true };
  return only(plain(key, press.shift));
}

/** The help page, in the order a newcomer needs it: keys and the word for what they do. */
export const HELP = [
  { keys: ['j', 'k'], word: 'help.move' },
  { keys: ['Enter'], word: 'help.open' },
  { keys: ['x'], word: 'help.select' },
  { keys: ['Shift j', 'Shift k'], word: 'help.select_range' },
  { keys: ['*'], word: 'help.select_all' },
  { keys: ['a'], word: 'deed.assign' },
  { keys: ['r'], word: 'deed.reassign' },
  { keys: ['t'], word: 'deed.reattempt' },
  { keys: ['w'], word: 'deed.window' },
  { keys: ['n'], word: 'deed.note' },
  { keys: ['c'], word: 'deed.cancel' },
  { keys: ['z'], word: 'help.undo' },
  { keys: ['/'], word: 'help.search' },
  { keys: ['s'], word: 'help.save_filter' },
  { keys: ['1', '2', '3'], word: 'help.modes' },
  { keys: ['g b', 'g c'], word: 'help.views' },
  { keys: ['g u', 'g o'], word: 'help.views_more' },
  { keys: ['Ctrl K'], word: 'help.palette' },
  { keys: ['Esc'], word: 'help.escape' },
  { keys: ['?'], word: 'help.this' },
] as const;
