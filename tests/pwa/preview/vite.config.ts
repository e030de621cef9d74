/** `npx vite --config tests/pwa/preview/vite.config.ts`: the screens on a stub, for looking at them. Never shipped. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;
const pwa = join(here, '../../../pwa');

export default defineConfig({
  root: here,
  base: './',
  publicDir: join(pwa, 'public'),
  plugins: [svelte({ configFile: join(pwa, 'svelte.config.js') })],
  define: { __APP__: '"preview"' },
  build: { outDir: join(here, '../../../build/preview'), emptyOutDir: true, target: 'es2022' },
  server: { port: 5199, strictPort: true, fs: { allow: [join(here, '../../..')] } },
});
