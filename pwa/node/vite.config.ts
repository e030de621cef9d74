import { defineConfig } from 'vite';

/** Bundles the handheld runner with everything it needs into build/handheld.mjs. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: 'handheld.ts',
    outDir: '../../build',
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    rollupOptions: { output: { entryFileNames: 'handheld.mjs' } },
  },
});
