/** Every screen nobody sees before the list, in one file of its own: `later.svelte.ts` fetches it once the list is drawn. */
export { default as Close } from './close/view.svelte';
export { default as Door } from './door/view.svelte';
export { default as Guide } from './guide/view.svelte';
export { default as Load } from './load/view.svelte';
export { default as Login } from './login/view.svelte';
export { default as Map } from './map/view.svelte';
export { default as Menu } from './shell/Menu.svelte';
export { default as News } from './news/view.svelte';
export { default as Order } from './order/view.svelte';
export { default as Outbox } from './outbox/view.svelte';
export { default as Pickup } from './pickup/view.svelte';
export { default as Problem } from './problem/view.svelte';
export { default as Scan } from './scan/view.svelte';
export { default as ScanBanner } from './scan/Banner.svelte';
export { default as Rescue } from './rescue/view.svelte';
export { default as Stripe } from './practice/Stripe.svelte';
export { default as Settings } from './settings/view.svelte';
