import type { TaskView } from '../../engine';
import { settings } from '../settings.svelte';
import { navigationLink } from './navigation';

/** The way there, in the map app this courier has chosen. */
export function mapLink(view: TaskView): string {
  return navigationLink(settings.mapApp, view.task.address);
}
