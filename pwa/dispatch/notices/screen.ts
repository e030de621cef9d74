import type { Screen } from '../screens';
import { readDead } from './actions';
import NoticesView from './view.svelte';

export const screen: Screen = { list: NoticesView, read: readDead };
