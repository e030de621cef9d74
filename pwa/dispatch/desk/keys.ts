/** Keys of the desk as commands. Pure, so that the table of keys can be tested and the help page can show it. */
import type { Deed } from '../bulk/model';
import type { Mode, View } from '../route';
import { SCREENS, type OwnKey } from '../screens';
import type { Word } from '../words';

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

/** What can be done with tasks, in the order it is offered everywhere. */
export const DEEDS: readonly { deed: Deed; key: string }[] = [
  { deed: 'assign', key: 'a' },
  { deed: 'reassign', key: 'r' },
  { deed: 'reattempt', key: 't' },
  { deed: 'window', key: 'w' },
  { deed: 'note', key: 'n' },
  { deed: 'cancel', key: 'c' },
];
/** How the board shows its tasks. */
export const MODES: readonly { mode: Mode; key: string }[] = [
  { mode: 'table', key: '1' },
  { mode: 'couriers', key: '2' },
  { mode: 'map', key: '3' },
];
type Place = Extract<Command, { do: 'mode' | 'view' }>;
/** After `g`. */
export const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['b', { do: 'view', view: 'board' }],
  ['t', { do: 'mode', mode: 'table' }],
  ['p', { do: 'mode', mode: 'couriers' }],
  ['m', { do: 'mode', mode: 'map' }],
  ...SCREENS.map(({ key, name }): [string, Place] => [key, { do: 'view', view: name }]),
]);
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
  const deed = DEEDS.find((one) => one.key === key);
  if (deed !== undefined) return { do: 'deed', deed: deed.deed };
  const mode = MODES.find((one) => one.key === key);
  return mode === undefined ? null : { do: 'mode', mode: mode.mode };
}

/** The own key of a screen that was pressed; such keys come before what the desk means by them. */
export function ownOf(own: readonly OwnKey[], press: Press, going: boolean): OwnKey | null {
  if (press.control || press.alt || press.shift || press.typing || going) return null;
  return own.find((one) => one.keys.includes(press.key.toLowerCase())) ?? null;
}

/** `going`: the last press was a `g`. */
export function hear(press: Press, going: boolean): Heard {
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const only = (command: Command | null): Heard => ({ command, going: false });
  if (press.control && !press.alt && !press.shift && key === 'k') return only({ do: 'palette' });
  if (press.control || press.alt) return only(null);
  if (press.key === 'Escape') return only({ do: 'escape' });
  if (press.typing) return only(null);
  if (going) return only(PLACES.get(key) ?? null);
  if (key === 'g' && !press.shift) return { command: null, going: true };
  return only(plain(key, press.shift));
}

/** A line of the help page: keys as the browser calls them (`Shift j` and `Control k` held together), and what they do. */
export interface HelpLine {
  keys: readonly string[];
  word: Word;
}

/** Keys that mean the same everywhere or belong to the board, in the order a newcomer needs them. */
export const HELP: readonly HelpLine[] = [
  { keys: ['j', 'k', 'ArrowDown', 'ArrowUp'], word: 'help.move' },
  { keys: ['PageDown', 'PageUp'], word: 'help.page' },
  { keys: ['End', 'Home'], word: 'help.ends' },
  { keys: ['Enter'], word: 'help.open' },
  { keys: ['x'], word: 'help.select' },
  { keys: ['Shift j', 'Shift k'], word: 'help.select_range' },
  { keys: ['*'], word: 'help.select_all' },
  ...DEEDS.map(({ deed, key }): HelpLine => ({ keys: [key], word: `deed.${deed}` })),
  { keys: ['z'], word: 'help.undo' },
  { keys: ['/'], word: 'help.search' },
  { keys: ['s'], word: 'help.save_filter' },
  { keys: MODES.map(({ key }) => key), word: 'help.modes' },
  { keys: ['Control k'], word: 'help.palette' },
  { keys: ['Escape'], word: 'help.escape' },
  { keys: ['?'], word: 'help.this' },
];

/** What is heard by whatever lies over a screen: a sheet, a picture. */
export const ABOVE: readonly HelpLine[] = [
  { keys: ['Control Enter'], word: 'help.send' },
  { keys: ['ArrowLeft', 'ArrowRight'], word: 'help.pictures' },
];
