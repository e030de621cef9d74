/** Keys of the desk as commands. Pure, so that the table of keys can be tested and the help page can show it. */

export type Command =
  | { do: 'move'; step: number; extend: boolean }
  | { do: 'select' | 'select_all' | 'open' | 'search' | 'help' | 'escape' | 'undo' }
  | { do: 'deed'; deed: 'assign' | 'reassign' | 'cancel' | 'reattempt' }
  | { do: 'view'; view: 'board' | 'conflicts' | 'devices' };

export interface Press {
  key: string;
  shift: boolean;
  /** Ctrl, Alt or Meta: those combinations belong to the browser. */
  modified: boolean;
  /** The press happened in a field where letters are text. */
  typing: boolean;
}

const DEEDS = { a: 'assign', r: 'reassign', c: 'cancel', t: 'reattempt' } as const;
const VIEWS = { '1': 'board', '2': 'conflicts', '3': 'devices' } as const;
const PLAIN = { x: 'select', '*': 'select_all', Enter: 'open', '/': 'search', '?': 'help', z: 'undo' } as const;
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

export function commandOf(press: Press): Command | null {
  if (press.modified) return null;
  if (press.key === 'Escape') return { do: 'escape' };
  if (press.typing) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const step = STEPS[key];
  if (step !== undefined) return { do: 'move', step, extend: press.shift };
  if (has(PLAIN, key)) return { do: PLAIN[key] };
  if (press.shift) return null;
  if (has(DEEDS, key)) return { do: 'deed', deed: DEEDS[key] };
  if (has(VIEWS, key)) return { do: 'view', view: VIEWS[key] };
  return null;
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
  { keys: ['c'], word: 'deed.cancel' },
  { keys: ['z'], word: 'help.undo' },
  { keys: ['/'], word: 'help.search' },
  { keys: ['1', '2', '3'], word: 'help.views' },
  { keys: ['Esc'], word: 'help.escape' },
  { keys: ['?'], word: 'help.this' },
] as const;
