/** What page and decoder say to each other. */
import type { Pass } from './passes';

export interface Point {
  x: number;
  y: number;
}

export interface Hit {
  text: string;
  /** What it holds before anybody made text of it. */
  bytes: Uint8Array;
  /** Code128, QRCode ... as the decoder names it. */
  format: string;
  /** The family: Micro QR belongs to QRCode. */
  symbology: string;
  /** The code's corners in the picture, clockwise from its own top left. */
  corners: readonly Point[];
}

export interface Ask {
  id: number;
  /** Where the wasm lies. */
  wasm: string;
  /** Left out: only make ready. */
  image?: ImageBitmap;
  /** Tried in this order until one finds something. Left out: all of PASSES, for a picture that will not come again. */
  passes?: readonly Pass[];
}

export type Reply = { id: number; hits: Hit[] } | { id: number; error: string };
