/** Every screen nobody sees before the list, in one file of its own: `later.svelte.ts` fetches it once the list is drawn. */
export { default as Close } from './close/view.svelte';
export { default as Door } from './door/view.svelte';
export { default as Login } from './login/view.svelte';
export { default as Outbox } from './outbox/view.svelte';
export { default as Pickup } from './pickup/view.svelte';
export { default as Problem } from './problem/view.svelte';
export { default as Settings } from './settings/view.svelte';
