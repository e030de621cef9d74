/**
 * The signature pad: black ink on white whatever the theme, because that is what the proof will show. Strokes can be
 * taken out and put back, so that a phone that was killed behind the camera still has them.
 */
import SignaturePad, { type PointGroup } from 'signature_pad';
import { canvasBytes } from './photo';

export type Strokes = PointGroup[];

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
  const size = (): void => {
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
  pad.addEventListener('endStroke', onChange);
  return {
    get empty() {
      return pad.isEmpty();
    },
    clear() {
      pad.clear();
      onChange();
    },
    strokes: () => pad.toData(),
    restore(strokes) {
      pad.fromData(strokes);
      onChange();
    },
    png: () => canvasBytes(canvas, 'image/png'),
    remove() {
      observer.disconnect();
      pad.off();
    },
  };
}
