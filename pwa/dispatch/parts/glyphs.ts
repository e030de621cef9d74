/** The shape of each status, in a square of 14: the same on a row, in the detail and on the map. Colour comes second. */
import type { TaskStatus } from '../types';

export type Tone = 'warn' | 'quiet' | 'accent' | 'good';

export interface Glyph {
  tone: Tone;
  /** Filled with the tone. */
  full?: string;
  /** Drawn as a line. */
  line?: string;
  /** Lengths of dash and gap of that line. */
  dash?: readonly [number, number];
  /** Cut out of the filled shape. */
  cut?: string;
}

function circle(radius: number): string {
  return `M${7 - radius} 7a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
}

export const GLYPHS: Readonly<Record<TaskStatus, Glyph>> = {
  created: { tone: 'warn', line: circle(5), dash: [2.6, 2.6] },
  assigned: { tone: 'quiet', line: circle(5) },
  out_for_delivery: { tone: 'accent', full: 'M3 1.8 12 7l-9 5.2Z' },
  arrived: { tone: 'accent', line: circle(5), full: circle(1.9) },
  delivered: { tone: 'good', full: circle(6), cut: 'm4 7.2 2.1 2.2L10.2 5' },
  picked_up: { tone: 'good', full: circle(6), cut: 'M7 10V4.4M4.6 6.6 7 4.2l2.4 2.4' },
  attempt_failed: { tone: 'warn', full: 'M7 1.2 13.4 12.6H.6Z', cut: 'M7 5.4v3.2M7 10.6v.1' },
  held: {
    tone: 'warn',
    full: 'M3.6 1.6h6.8a2 2 0 0 1 2 2v6.8a2 2 0 0 1-2 2H3.6a2 2 0 0 1-2-2V3.6a2 2 0 0 1 2-2Z',
    cut: 'M5.4 4.8v4.4M8.6 4.8v4.4',
  },
  returned: { tone: 'quiet', line: 'M5.2 2.6 2 5.6l3.2 3M2.4 5.6h5.8a3 3 0 0 1 0 6H5.4' },
  cancelled: { tone: 'quiet', line: 'm2.6 2.6 8.8 8.8M11.4 2.6l-8.8 8.8' },
};
