import { defineConfig } from 'vite';

/**
 * Bundles a runner with everything it needs: build/handheld.mjs for the real day, build/simulation.mjs (mode `simulation`) for the
 * simulator. In one file each: what the app fetches later would come from the disk, and the simulator's clock stands still meanwhile.
 */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    outDir: '../../build',
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    rollupOptions: {
      input: `${import.meta.dirname}/${mode === 'simulation' ? 'simulation' : 'handheld'}.ts`,
      output: { entryFileNames: '[name].mjs', codeSplitting: false },
    },
  },
}));
