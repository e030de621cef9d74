import { readDevices } from '../desk/actions';
import type { Screen } from '../screens';
import EnrolView from './enrol.svelte';
import DevicesView from './view.svelte';

export const screen: Screen = { list: DevicesView, detail: EnrolView, read: readDevices };
