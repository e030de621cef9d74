import { join } from 'node:path';
import { defineConfig } from 'vite';

const here = import.meta.dirname;

/** One of the customer's two scripts, whole in one file of a fixed name: the server puts them at /t/page.js and /t/worker.js. */
export default defineConfig(({ mode }) => ({
  configFile: false,
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: join(here, '../dist/tracking'),
    emptyOutDir: false,
    target: 'es2022',
    lib: {
      entry: join(here, mode === 'worker' ? 'worker.ts' : 'main.ts'),
      formats: [mode === 'worker' ? 'iife' : 'es'],
      name: 'tracking',
      fileName: () => (mode === 'worker' ? 'worker.js' : 'page.js'),
    },
    minify: true,
  },
}));
