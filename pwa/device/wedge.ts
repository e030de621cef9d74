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
  /** True for the first character after a pause: what a field held before it belongs to the person. */
  fresh?: boolean;
}

/** Keys further apart than this do not belong together, ms. */
export const PAUSE = 300;
/** People need 80 ms and more between keys, slow scanners up to 40. The median forgives a page that stalled once. */
export const FASTEST_PERSON = 60;
/** Shorter bursts are fast fingers on a number. */
export const SHORTEST_CODE = 6;
const LONGEST_CODE = 512;

export const idle: WedgeState = { text: '', last: Number.NEGATIVE_INFINITY, gaps: [] };

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

export function feed(state: WedgeState, key: string, at: number): WedgeStep {
  const gap = at - state.last;
  const together = gap <= PAUSE;
  if (key === 'Enter' || key === 'Tab') {
    const scanned = together && state.text.length >= SHORTEST_CODE && median(state.gaps) <= FASTEST_PERSON;
    return { state: idle, scan: scanned ? state.text : undefined };
  }
  if ([...key].length !== 1) return { state: key === 'Shift' ? state : idle };
  if (!together || state.text.length >= LONGEST_CODE) return { state: { text: key, last: at, gaps: [] }, fresh: true };
  return { state: { text: state.text + key, last: at, gaps: [...state.gaps, gap] }, fresh: false };
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function field(target: EventTarget | null): Field | null {
  const editable = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return editable && !target.readOnly ? target : null;
}

/**
 * Listens on the window before anything else does. A scan that ran into a focused field is taken out of it again,
 * and its Enter neither submits a form nor presses a button. Returns the remover.
 */
export function listenToWedge(onScan: (code: string) => void): () => void {
  let state = idle;
  let before: { field: Field; value: string } | null = null;

  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.repeat) {
      state = idle;
      return;
    }
    const step = feed(state, event.key, event.timeStamp);
    state = step.state;
    if (step.fresh) {
      const target = field(event.target);
      before = target && { field: target, value: target.value };
    }
    if (step.scan === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (before && before.field === event.target) {
      before.field.value = before.value;
      before.field.dispatchEvent(new Event('input', { bubbles: true }));
    }
    onScan(step.scan);
  };

  window.addEventListener('keydown', onKey, { capture: true });
  return () => window.removeEventListener('keydown', onKey, { capture: true });
}
