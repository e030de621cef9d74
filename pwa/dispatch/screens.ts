/** The desk's screens beside the board: what the first load knows of them, and how the rest of each comes when it is opened.
 *
 * A screen lives in its own folder with a `screen.ts` that exports `screen: Screen`. It is read when it is first opened, so
 * that its code, words and libraries cost the board nothing.
 */
import type { Component } from 'svelte';
import type { IconName } from '../ui/icons';
import type { Tools } from './context';
import type { ListCommand } from './desk/keys';
import type { View } from './route';
import type { SessionUser } from './types';
import type { Word } from './words';

type OwnDeed = 'decide' | 'take' | 'undo' | 'accept' | 'decline';

/** Keys that mean something of their own on one screen: the desk hears them, the help page and the screen show them. */
export interface OwnKey {
  keys: readonly string[];
  does: OwnDeed;
  word: Word;
}

type ScreenName = Exclude<View, 'board'>;
type Role = SessionUser['role'];

/** What a screen's own `screen.ts` exports. */
export interface Screen {
  /** The middle pane. */
  list: Component;
  /** The right pane; without one the middle takes its room too. */
  detail?: Component;
  /** The left pane in place of queues and couriers. */
  side?: Component;
  /** Widths of the three panes on a wide screen, e.g. `232px 360px minmax(0, 1fr)`. */
  columns?: string;
  /**
   * Reads what the screen shows: when it is opened, when its address changes, and after every change of the station
   * that the server tells of. Throws a DoorError when it fails; the top line then tells that the desk is behind.
   */
  read?(tools: Tools): Promise<void>;
  /** Cursor keys while the screen is shown; false leaves the key to the browser. */
  keys?(tools: Tools, command: ListCommand): boolean;
  /** What its own keys do, the same way; `key` is the one that was pressed. */
  own?: Partial<Record<OwnDeed, (tools: Tools, key: string) => boolean>>;
}

export interface ScreenEntry {
  name: ScreenName;
  icon: IconName;
  /** After `g`: g u opens the customers. */
  key: string;
  roles: readonly Role[];
  own: readonly OwnKey[];
  load(): Promise<Screen>;
}

const DESK: readonly Role[] = ['dispatcher', 'csr', 'admin'];
const STATION: readonly Role[] = ['dispatcher', 'admin'];

const found = import.meta.glob<{ screen: Screen }>('./*/screen.ts');

function from(folder: string): ScreenEntry['load'] {
  return async () => {
    const module = await found[`./${folder}/screen.ts`]?.();
    if (module === undefined) throw new Error(`no screen in ${folder}`);
    return module.screen;
  };
}

const IN_THE_INBOX: readonly OwnKey[] = [
  { keys: ['1', '2', '3'], does: 'decide', word: 'key.decide' },
  { keys: ['o'], does: 'take', word: 'key.take' },
  { keys: ['u', 'z'], does: 'undo', word: 'key.undo' },
];
const IN_THE_QUEUE: readonly OwnKey[] = [
  { keys: ['y'], does: 'accept', word: 'key.accept' },
  { keys: ['x'], does: 'decline', word: 'key.decline' },
];

/** In the order of the top line. */
export const SCREENS: readonly ScreenEntry[] = [
  { name: 'conflicts', icon: 'divert', key: 'c', roles: DESK, own: IN_THE_INBOX, load: from('conflicts') },
  { name: 'customers', icon: 'users', key: 'u', roles: DESK, own: IN_THE_QUEUE, load: from('customers') },
  { name: 'orders', icon: 'download', key: 'o', roles: STATION, own: [], load: from('intake') },
  { name: 'messages', icon: 'message', key: 'w', roles: DESK, own: [], load: from('messages') },
  { name: 'notices', icon: 'volume', key: 'n', roles: STATION, own: [], load: from('notices') },
  { name: 'devices', icon: 'device', key: 'd', roles: DESK, own: [], load: from('devices') },
];

export function screenOf(view: string): ScreenEntry | null {
  return SCREENS.find((screen) => screen.name === view) ?? null;
}

export function screensFor(role: string): ScreenEntry[] {
  return SCREENS.filter((screen) => screen.roles.some((one) => one === role));
}
