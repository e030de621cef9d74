/** Version and source hash of the build, put in by vite.config.ts. */
declare const __APP__: string;
