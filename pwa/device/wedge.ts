/**
 * A hardware scanner in wedge mode types like a very fast person and ends with Enter or Tab, or with marks of its own before and after
 * the code. This tells the two apart by timing alone, so that a scan works over any screen and no field needs the focus.
 *
 * `feed` is pure: it takes the state, one key and its time (ms, any monotonic origin) and says what happened.
 */
export interface WedgeState {
  text: string;
  /** Time of the last character, ms. */
  last: number;
  /** Pauses between the characters, ms. */
  gaps: readonly number[];
  /** When a scan ended last: the Enter that some scanners send after their own mark is theirs, too. */
  ended: number;
}

export interface WedgeStep {
  state: WedgeState;
  /** The code, when this key ended a scan. */
  scan?: string;
  /** As it was typed, with its marks. */
  typed?: string;
  /** A key of the scanner's after its scan: nobody pressed it. */
  after?: true;
}

/** What the scanner is set to send before and after a code; mostly nothing, and Enter or Tab at the end. */
export interface Marks {
  prefix: string;
  suffix: string;
}

export const NO_MARKS: Marks = { prefix: '', suffix: '' };

/** Keys further apart than this do not belong together, ms. */
export const PAUSE = 1_000;
/** People need 80 ms and more between keys, slow scanners up to 40. */
export const FASTEST_PERSON = 60;
/** Shorter bursts are fast fingers on a number, unless marks say that they are none. */
export const SHORTEST_CODE = 6;
/** A QR code of 4 kB is a scan, too: what is in it is for others to say. */
const LONGEST_CODE = 8_192;
const GROUP_SEPARATOR = '\x1d';

export const idle: WedgeState = { text: '', last: Number.NEGATIVE_INFINITY, gaps: [], ended: Number.NEGATIVE_INFINITY };

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

/**
 * What was typed at a scanner's speed. Slow gaps in the middle are a page or a scanner that stalled while the scan went on: to cut
 * there would make another number of it. Two and more at the very beginning are a person, and not part of the code.
 */
function burst({ text, gaps }: WedgeState, { prefix, suffix }: Marks): Pick<WedgeStep, 'scan' | 'typed'> | null {
  const quick = gaps.findIndex((gap) => gap <= FASTEST_PERSON);
  const person = quick >= 2 ? quick : 0;
  const fast = text.slice(person);
  if (quick < 0 || median(gaps.slice(person)) > FASTEST_PERSON) return null;
  const begin = prefix ? fast.lastIndexOf(prefix) : -1;
  const typed = begin < 0 ? fast : fast.slice(begin);
  const ends = suffix !== '' && typed.endsWith(suffix);
  const scan = typed.slice(begin < 0 ? 0 : prefix.length, ends ? -suffix.length : undefined);
  const shortest = begin >= 0 || ends ? 1 : SHORTEST_CODE;
  return scan.length >= shortest ? { scan, typed } : null;
}

export function feed(state: WedgeState, key: string, at: number, marks: Marks = NO_MARKS): WedgeStep {
  const gap = at - state.last;
  const together = gap <= PAUSE;
  if (key === 'Enter' || key === 'Tab') {
    if (state.text === '' && at - state.ended <= FASTEST_PERSON) return { state: { ...idle, ended: at }, after: true };
    const found = together ? burst(state, marks) : null;
    return { state: { ...idle, ended: found ? at : idle.ended }, ...found };
  }
  if ([...key].length !== 1) return { state: key === 'Shift' || key === 'Control' ? state : idle };
  if (!together || state.text.length >= LONGEST_CODE) return { state: { ...idle, text: key, last: at } };
  const next = { ...state, text: state.text + key, last: at, gaps: [...state.gaps, gap] };
  const marked = marks.suffix !== '' && next.text.endsWith(marks.suffix) ? burst(next, marks) : null;
  return marked ? { state: { ...idle, ended: at }, ...marked } : { state: next };
}

type Field = HTMLInputElement | HTMLTextAreaElement;

function field(target: EventTarget | null): Field | null {
  const editable = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  return editable && !target.readOnly ? target : null;
}

/** Takes a scan that ran into a focused field out of it again. */
function takeOut(target: Field, typed: string): void {
  const seen = typed.replaceAll(GROUP_SEPARATOR, '');
  const at = target.value.lastIndexOf(seen);
  if (at < 0) return;
  target.value = target.value.slice(0, at) + target.value.slice(at + seen.length);
  target.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Scanners type the separator of GS1 codes as Ctrl and a bracket, as terminals did. */
function keyOf(event: KeyboardEvent): string | null {
  if (event.ctrlKey && !event.altKey && !event.metaKey && event.key === ']') return GROUP_SEPARATOR;
  if (event.ctrlKey && event.key !== 'Control') return null;
  return event.altKey || event.metaKey || event.isComposing ? null : event.key;
}

/**
 * Listens on the window before anything else does. The Enter of a scan neither submits a form nor presses a button.
 * Returns the remover.
 */
export function listenToWedge(onScan: (code: string) => void, marks: () => Marks = () => NO_MARKS): () => void {
  let state = idle;

  const onKey = (event: KeyboardEvent): void => {
    const key = keyOf(event);
    if (key === null) return;
    if (event.repeat) {
      state = idle;
      return;
    }
    const step = feed(state, key, event.timeStamp, marks());
    state = step.state;
    if (step.scan === undefined && !step.after && key !== GROUP_SEPARATOR) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (step.scan === undefined) return;
    const target = field(event.target);
    // The key that ended it has not reached the field yet, and will not.
    const arrived = event.key.length === 1 ? step.typed?.slice(0, -1) : step.typed;
    if (target && arrived) takeOut(target, arrived);
    onScan(step.scan);
  };

  window.addEventListener('keydown', onKey, { capture: true });
  return () => window.removeEventListener('keydown', onKey, { capture: true });
}
