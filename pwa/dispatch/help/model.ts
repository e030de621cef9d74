/** What the help sheet lists: every key of every screen the person may open. Pure. */
import { ABOVE, HELP, PLACES, type HelpLine } from '../desk/keys';
import { screensFor } from '../screens';
import type { Word } from '../words';

export interface HelpPart {
  /** Null for the keys that need no heading. */
  title: Word | null;
  lines: readonly HelpLine[];
}

export function helpFor(role: string): HelpPart[] {
  const screens = screensFor(role);
  const places: HelpLine[] = [];
  for (const [key, place] of PLACES) {
    if (place.do === 'mode') places.push({ keys: [`g ${key}`], word: `board.mode.${place.mode}` });
    else if (place.view === 'board' || screens.some(({ name }) => name === place.view)) {
      places.push({ keys: [`g ${key}`], word: `desk.view.${place.view}` });
    }
  }
  const own = screens
    .filter((screen) => screen.own.length > 0)
    .map((screen): HelpPart => ({ title: `desk.view.${screen.name}`, lines: screen.own }));
  return [{ title: null, lines: [...HELP, ...ABOVE] }, { title: 'help.go', lines: places }, ...own];
}

const SHOWN: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  PageDown: 'PgDn',
  PageUp: 'PgUp',
  Escape: 'Esc',
  'Control Enter': 'Ctrl Enter',
  'Control k': 'Ctrl K',
};

/** A key as it is written on keyboards. */
export function keyText(key: string): string {
  return SHOWN[key] ?? key;
}
