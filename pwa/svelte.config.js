import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** Read by Vite, svelte-check and the editor alike. Runes everywhere: no component of ours uses the old way. */
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
};
