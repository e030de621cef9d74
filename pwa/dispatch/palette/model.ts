/** The command palette: everything that can be done by name, found by a few letters. Pure. */

export interface Action {
  id: string;
  /** What it does, in the language of the desk. */
  name: string;
  /** The kind of thing, shown small: "Queue", "Courier". */
  group: string;
  /** The key that does the same. */
  key?: string;
  run(): void;
}

/** 0 = not found; a hit at the start, then at the start of a word, then anywhere, then letters in order. */
export function score(name: string, text: string): number {
  const hay = name.toLowerCase();
  const needle = text.trim().toLowerCase();
  if (needle === '') return 1;
  if (hay.startsWith(needle)) return 5;
  const at = hay.indexOf(needle);
  if (at > 0) return /[\s·/-]/.test(hay[at - 1] ?? '') ? 4 : 3;
  let from = 0;
  for (const letter of needle.replace(/\s/g, '')) {
    from = hay.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 2;
}

/** The best first; equally good ones stay in their order. */
export function found(actions: readonly Action[], text: string, most: number): Action[] {
  return actions
    .map((action, at) => ({ action, at, points: Math.max(score(action.name, text), score(action.group, text) - 2) }))
    .filter((item) => item.points > 0)
    .sort((a, b) => b.points - a.points || a.at - b.at)
    .slice(0, most)
    .map((item) => item.action);
}

/** Does it look like a waybill, so that going to it is worth offering? */
export function isWaybill(text: string): boolean {
  return /^[a-z]{0,4}[\s-]*\d[\d\s-]{5,}$/i.test(text.trim());
}
