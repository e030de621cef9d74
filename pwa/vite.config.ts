import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build, defineConfig, type Plugin, type Rolldown } from 'vite';

const here = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(here, '../package.json'), 'utf8')) as { version: string };

/** Version and a hash of the sources: the `app` of every operation, the same for the same code on any machine. */
function buildName(): string {
  const hash = createHash('sha256');
  for (const folder of [here, join(here, '../sync')]) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|svelte|css|html|json)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !file.startsWith(join(here, 'dist')))
      .sort();
    for (const file of files) hash.update(relative(here, file)).update(readFileSync(file));
  }
  return `${version}+${hash.digest('hex').slice(0, 8)}`;
}

/** Public files only the installer or the system fetches. */
const notNeededOffline = /^(icon-(180|512|maskable-512)\.png)$/;

function reachable(bundle: Rolldown.OutputBundle, page: string): Set<string> {
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = bundle[name];
    if (files.has(name) || chunk?.type !== 'chunk') return;
    files.add(name);
    for (const css of chunk.viteMetadata?.importedCss ?? []) files.add(css);
    for (const asset of chunk.viteMetadata?.importedAssets ?? []) files.add(asset);
    [...chunk.imports, ...chunk.dynamicImports].forEach(visit);
  };
  for (const item of Object.values(bundle)) {
    if (item.type === 'chunk' && item.facadeModuleId?.endsWith(`/${page}`)) visit(item.fileName);
  }
  return files;
}

function revision(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
}

/**
 * Builds sw.ts beside the apps and hands it the list of what the handheld needs to open without a server: the
 * courier page, every chunk and style reachable from it, and the public files. The desk is not in the list: a
 * courier's phone does not download it (sw.ts keeps the desk's files once a desk has been opened).
 */
function serviceWorker(source: string): Plugin {
  let outDir = '';
  let publicDir = '';
  return {
    name: 'doorstep-service-worker',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
      publicDir = config.publicDir;
    },
    async writeBundle(_options, bundle) {
      if (!('index.html' in bundle)) return;
      const hashed = [...reachable(bundle, 'index.html')].map((file) => ({ url: `/${file}`, revision: null }));
      const open = readdirSync(publicDir).filter((file) => !notNeededOffline.test(file));
      const named = open.map((file) => ({ url: `/${file}`, revision: revision(join(publicDir, file)) }));
      const page = { url: '/', revision: revision(join(outDir, 'index.html')) };
      await build({
        configFile: false,
        logLevel: 'warn',
        publicDir: false,
        define: {
          __PRECACHE__: JSON.stringify([page, ...named, ...hashed]),
          __APP__: JSON.stringify(app),
          'process.env.NODE_ENV': '"production"',
        },
        build: {
          outDir,
          emptyOutDir: false,
          target: 'es2022',
          lib: { entry: source, formats: ['iife'], name: 'worker', fileName: () => 'sw.js' },
        },
      });
    },
  };
}

/** The decoder's library would fetch its wasm from a CDN where nobody says where it lies. We say; the address goes, so that nothing can. */
function noForeignHost(): Plugin {
  return {
    name: 'doorstep-no-foreign-host',
    transform(code, id) {
      if (!id.includes('/zxing-wasm/dist/es/share.js')) return null;
      const own = code.replace(/https:\/\/fastly\.jsdelivr\.net\/[^`]*?\/dist\//, '/assets/');
      if (own === code) this.error('zxing-wasm has moved the address of its CDN: look at share.js');
      return { code: own, map: null };
    },
  };
}

/** The table of operations says in two languages what each one is, for the reference; no screen says it. */
function withoutSentences(): Plugin {
  return {
    name: 'doorstep-without-sentences',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/sync/tables/operations.json')) return null;
      const rules = JSON.parse(code) as Record<string, Record<string, unknown>>;
      const plain = Object.entries(rules).map(([type, { en: _en, zh: _zh, ...rule }]) => [type, rule]);
      return { code: JSON.stringify(Object.fromEntries(plain)), map: null };
    },
  };
}

const app = buildName();
const pages = ['index.html', 'dispatch.html'].map((page) => resolve(here, page)).filter((page) => existsSync(page));

/**
 * The mode may name a page: then only that one is built. Built together, the two would share what both use in dozens of small files
 * with the desk's needs in them, and a phone would fetch and read them all before its list.
 */
export default defineConfig(({ mode }) => ({
  root: here,
  publicDir: join(here, 'public'),
  plugins: [
    svelte({ configFile: join(here, 'svelte.config.js') }),
    withoutSentences(),
    serviceWorker(join(here, 'sw.ts')),
  ],
  define: { __APP__: JSON.stringify(app) },
  worker: { plugins: () => [noForeignHost()] },
  build: {
    outDir: join(here, 'dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: pages.filter((page) => !mode.endsWith('.html') || page.endsWith(`/${mode}`)) },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
}));
