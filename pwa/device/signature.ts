/**
 * The signature pad: black ink on white whatever the theme, because that is what the proof will show. Strokes can be
 * taken out and put back, so that a phone that was killed behind the camera still has them.
 */
import SignaturePad, { type PointGroup } from 'signature_pad';
import { canvasBytes } from './photo';

export type Strokes = PointGroup[];

/** A pen that is up for so long has mostly signed, ms. */
const RESTS = 200;

/** CSS pixels of ink: less than a finger's width is a slip or a dot, and nobody's name. */
const LEAST = 40;

/** Whether this is more than a dot. */
export function isName(strokes: Strokes): boolean {
  const drawn = strokes.flatMap(({ points }) =>
    points.slice(1).map((point, at) => Math.hypot(point.x - points[at]!.x, point.y - points[at]!.y)),
  );
  return drawn.reduce((sum, one) => sum + one, 0) >= LEAST;
}

export interface Ink {
  readonly empty: boolean;
  clear(): void;
  strokes(): Strokes;
  restore(strokes: Strokes): void;
  /** PNG of what was signed. */
  png(): Promise<Uint8Array>;
  remove(): void;
}

/** `onChange` hears the end of each stroke. */
export function startInk(canvas: HTMLCanvasElement, onChange: () => void): Ink {
  const pad = new SignaturePad(canvas, {
    penColor: '#000000',
    backgroundColor: '#ffffff',
    minWidth: 1.2,
    maxWidth: 3.2,
  });
  let drawn: Promise<Uint8Array> | null = null;
  let soon: ReturnType<typeof setTimeout> | undefined;
  const png = (): Promise<Uint8Array> => (drawn ??= canvasBytes(canvas, 'image/png'));
  /** The picture is not what it was; made anew once the pen rests, so that whoever signs off does not wait for it. */
  const moved = (): void => {
    clearTimeout(soon);
    drawn = null;
  };
  const size = (): void => {
    moved();
    const kept = pad.toData();
    const ratio = Math.min(2, Math.max(1, window.devicePixelRatio));
    canvas.width = Math.round(canvas.offsetWidth * ratio);
    canvas.height = Math.round(canvas.offsetHeight * ratio);
    canvas.getContext('2d')?.scale(ratio, ratio);
    pad.clear();
    if (kept.length > 0) pad.fromData(kept);
  };
  size();
  const observer = new ResizeObserver(size);
  observer.observe(canvas);
  pad.addEventListener('beginStroke', moved);
  pad.addEventListener('endStroke', () => {
    moved();
    soon = setTimeout(() => void png().catch(moved), RESTS);
    onChange();
  });
  return {
    get empty() {
      return pad.isEmpty();
    },
    clear() {
      moved();
      pad.clear();
      onChange();
    },
    strokes: () => pad.toData(),
    restore(strokes) {
      moved();
      pad.fromData(strokes);
      onChange();
    },
    png,
    remove() {
      moved();
      observer.disconnect();
      pad.off();
    },
  };
}
