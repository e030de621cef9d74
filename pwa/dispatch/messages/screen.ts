import type { Screen } from '../screens';
import { read } from './actions';
import MessagesView from './view.svelte';
import WriteView from './write.svelte';

export const screen: Screen = { list: MessagesView, detail: WriteView, read };
