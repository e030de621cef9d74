/** Where the list stood when a task was opened: coming back does not lose the place. */
import type { Filter } from './model';

interface Remembered {
  filter: Filter;
  query: string;
  scroll: number;
  /** What stands above the rows, px. */
  above: number;
  /** Of parts of the list that were drawn, px, on a screen of `width`. */
  heights: Map<string, number>;
  width: number;
}

export const remembered: Remembered = {
  filter: 'left',
  query: '',
  scroll: 0,
  above: 0,
  heights: new Map(),
  width: 0,
};
