/**
 * How a picture is read: which codes, with which pains, and what a reading must have to count. `make scan-eval` measures exactly
 * this, so every change here is a change of what it prints.
 */
import type { ReaderOptions, ReadResult } from 'zxing-wasm/reader';

/** What is on labels and phones of the trade. Every further symbology would be a further way to misread. */
export const SYMBOLOGIES = ['Code128', 'Code39', 'EAN13', 'ITF', 'Codabar', 'QRCode', 'DataMatrix', 'PDF417'] as const;
export type Symbology = (typeof SYMBOLOGIES)[number];

export interface Pass {
  /** Enlarged before it is read: small print has too few pixels a bar. */
  scale: 1 | 2;
  options: ReaderOptions;
}

const COMMON: ReaderOptions = {
  formats: [...SYMBOLOGIES],
  // Control characters stay: GS separates the fields of a GS1 code.
  textMode: 'Plain',
  tryHarder: true,
  tryRotate: true,
  tryInvert: true,
  tryDownscale: true,
  // One line of bars is luck, two are a code: with one, a photograph of a wall becomes an EAN-13.
  minLineCount: 2,
  maxNumberOfSymbols: 8,
};

/** The first reads what a hand holds up; the others are for what it missed: small, blurred, pale, badly printed. */
export const PASSES: readonly Pass[] = [
  { scale: 1, options: COMMON },
  { scale: 2, options: { ...COMMON, binarizer: 'GlobalHistogram' } },
  { scale: 2, options: COMMON },
];

/**
 * For a living picture, after which the next one comes at once: takes a fifth of the first pass's time, and leaves out what few
 * labels are, white on black, or far off, or dirty. What it reads the first pass reads as well.
 */
export const QUICK: Pass = {
  scale: 1,
  options: { ...COMMON, tryHarder: false, tryInvert: false, tryDownscale: false },
};

/** How the pictures of a camera are read one after the other: mostly quickly, and each second time that fails with pains. */
export const LOOKS: readonly (readonly Pass[])[] = [
  [QUICK],
  [QUICK],
  PASSES.slice(0, 1),
  [QUICK],
  [QUICK],
  PASSES.slice(1, 2),
];

/** A picture with more pixels than this is not enlarged: it has enough of them, and a phone's memory has not. */
export const LARGEST_TO_ENLARGE = 640 * 640;

/**
 * Shorter than this, symbologies without a check digit of their own are noise: a row of window blinds reads as an ITF of two digits.
 */
const SHORTEST: Partial<Record<string, number>> = { ITF: 6, Codabar: 4, Code39: 4 };

export function counts({ isValid, symbology, text }: Pick<ReadResult, 'isValid' | 'symbology' | 'text'>): boolean {
  return isValid && text.length >= (SHORTEST[symbology] ?? 1);
}

/** Symbologies without a check digit that every reader verifies: in a live picture they are believed when read twice. */
export function isWeak(symbology: string): boolean {
  return symbology === 'ITF' || symbology === 'Codabar' || symbology === 'Code39';
}
