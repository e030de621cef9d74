/** Where the list stood when a task was opened: coming back does not lose the place. */
import type { Filter } from './model';

export const remembered: { filter: Filter; query: string; scroll: number; shown: number } = {
  filter: 'left',
  query: '',
  scroll: 0,
  shown: 0,
};
