/**
 * A hardware scanner in wedge mode types like a very fast person and ends with Enter. This tells the two apart by
 * timing alone, so that a scan works over any screen and no field needs the focus.
 *
 * `feed` is pure: it takes the state, one key and its time (ms, any monotonic origin) and says what happened.
 */
export interface WedgeState {
  text: string;
  /** Time of the last character, ms. */
  last: number;
  /** Pauses between the characters, ms. */
  gaps: readonly number[];
}

export interface WedgeStep {
  state: WedgeState;
  /** The code, when this key ended a scan. */
  scan?: string;
}

/** Keys further apart than this do not belong together, ms. */
export const PAUSE = 1_000;
/** People need 80 ms and more between keys, slow scanners up to 40. */
export const FASTEST_PERSON = 60;
/** Shorter bursts are fast fingers on a number. */
export const SHORTEST_CODE = 6;
const LONGEST_CODE = 512;

export const idle: WedgeState = { text: '', last: Number.NEGATIVE_INFINITY, gaps: [] };

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

/**
 * The end of what was typed that came at a scanner's speed. One slow gap is a page that stalled while the scanner
 * went on; two in a row are a person, and what lies before them is not part of the code.
 */
function burst({ text, gaps }: WedgeState): string | undefined {
  const person = gaps.findLastIndex(
    (gap, at) => at > 0 && gap > FASTEST_PERSON && (gaps[at - 1] ?? 0) > FASTEST_PERSON,
  );
  const code = text.slice(person + 1);
  return code.length >= SHORTEST_CODE && median(gaps.slice(person + 1)) <= FASTEST_PERSON ? code : undefined;
}

export function feed(state: WedgeState, key: string, at: number): WedgeStep {
  const gap = at - state.last;
  const together = gap <= PAUSE;
  if (key === 'Enter' || key === 'Tab') return { state: idle, scan: together ? burst(state) : undefined };
  if ([...key].length !== 1) return { state: key === 'Shift' ? state : idle };
  if (!together || state.text.length >= LONGEST_CODE) return { state: { text: key, last: at, gaps: [] } };
  return { state: { text: state.text + key, last: at, gaps: [...state.gaps, gap] } };
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function field(target: EventTarget | null): Field | null {
  const editable = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return editable && !target.readOnly ? target : null;
}

/** Takes a scan that ran into a focused field out of it again. */
function takeOut(target: Field, scan: string): void {
  const at = target.value.lastIndexOf(scan);
  if (at < 0) return;
  target.value = target.value.slice(0, at) + target.value.slice(at + scan.length);
  target.dispatchEvent(new Event('input', { bubbles: true }));
}

/**
 * Listens on the window before anything else does. The Enter of a scan neither submits a form nor presses a button.
 * Returns the remover.
 */
export function listenToWedge(onScan: (code: string) => void): () => void {
  let state = idle;

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.repeat) {
      state = idle;
      return;
    }
    const step = feed(state, event.key, event.timeStamp);
    state = step.state;
    if (step.scan === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const target = field(event.target);
    if (target) takeOut(target, step.scan);
    onScan(step.scan);
  };

  window.addEventListener('keydown', onKey, { capture: true });
  return () => window.removeEventListener('keydown', onKey, { capture: true });
}
