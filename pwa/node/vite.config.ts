import { defineConfig } from 'vite';

/** Bundles the runners with everything they need: build/handheld.mjs for the real day, build/simulation.mjs for the simulator. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    outDir: '../../build',
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    rollupOptions: {
      input: ['handheld.ts', 'simulation.ts'].map((file) => `${import.meta.dirname}/${file}`),
      output: { entryFileNames: '[name].mjs', chunkFileNames: 'handheld-[name].mjs' },
    },
  },
});
