/** The desk's screens beside the board: what the first load knows of them, and how the rest of each comes when it is opened.
 *
 * A screen lives in its own folder with a `screen.ts` that exports `screen: Screen`. It is read when it is first opened, so
 * that its code, words and libraries cost the board nothing.
 */
import type { Component } from 'svelte';
import type { IconName } from '../ui/icons';
import type { Tools } from './context';
import type { ListCommand } from './desk/keys';
import type { SessionUser } from './types';

export type ScreenName = 'conflicts' | 'customers' | 'orders' | 'notices' | 'devices';
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
}

export interface ScreenEntry {
  name: ScreenName;
  icon: IconName;
  /** After `g`: g u opens the customers. */
  key: string;
  roles: readonly Role[];
  load(): Promise<Screen>;
}

const DESK: readonly Role[] = ['dispatcher', 'csr', 'admin'];
const STATION: readonly Role[] = ['dispatcher', 'admin'];

const found = import.meta.glob<{ screen: Screen }>('./*/screen.ts');

function from(folder: string): { load(): Promise<Screen> } | null {
  const module = found[`./${folder}/screen.ts`];
  return module === undefined ? null : { load: async () => (await module()).screen };
}

function entry(name: ScreenName, folder: string, icon: IconName, key: string, roles: readonly Role[]): ScreenEntry[] {
  const door = from(folder);
  return door === null ? [] : [{ name, icon, key, roles, load: door.load }];
}

/** In the order of the top line. */
export const SCREENS: readonly ScreenEntry[] = [
  ...entry('conflicts', 'conflicts', 'divert', 'c', DESK),
  ...entry('customers', 'customers', 'users', 'u', DESK),
  ...entry('orders', 'intake', 'download', 'o', STATION),
  ...entry('notices', 'notices', 'volume', 'n', STATION),
  ...entry('devices', 'devices', 'device', 'd', DESK),
];

export function screenOf(view: string): ScreenEntry | null {
  return SCREENS.find((screen) => screen.name === view) ?? null;
}

export function screensFor(role: string): ScreenEntry[] {
  return SCREENS.filter((screen) => screen.roles.some((one) => one === role));
}
