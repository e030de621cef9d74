/**
 * `npm run build`: the web apps into pwa/dist. Prints what a handheld's first load costs, gzipped.
 *
 * `--check` builds the two pages into a folder that is thrown away, and fails when the first load is above its goal or the
 * service worker leaves out a part of the handheld's app.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { firstLoad, GOAL_KB, notKept, wholeApp } from './weight.mjs';

const pwa = fileURLToPath(new URL('..', import.meta.url));
async function pages(outDir) {
  for (const mode of ['index.html', 'dispatch.html']) {
    const emptyOutDir = mode === 'index.html';
    await build({ configFile: join(pwa, 'vite.config.ts'), mode, logLevel: 'warn', build: { outDir, emptyOutDir } });
  }
}

if (process.argv.includes('--check')) {
  const folder = mkdtempSync(join(tmpdir(), 'doorstep-build-'));
  try {
    await pages(folder);
    const faults = faultsOf(folder);
    if (faults.length) console.error(faults.join('\n'));
    process.exitCode = faults.length ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  const dist = join(pwa, 'dist');
  await pages(dist);
  for (const mode of ['page', 'worker']) {
    await build({ configFile: join(pwa, 'tracking/vite.config.ts'), mode, logLevel: 'warn' });
  }
  pack(dist);
  for (const page of readdirSync(dist).filter((file) => file.endsWith('.html'))) {
    const { files, kilobytes } = firstLoad(dist, page);
    console.log(`${page}: ${kilobytes.toFixed(1)} kB gz in ${files.length} files`);
  }
  console.log(`a handheld with all its screens: ${wholeApp(dist, 'index.html').kilobytes.toFixed(1)} kB gz`);
  for (const fault of faultsOf(dist)) console.warn(fault);
}

/** A packed copy beside each file that gets smaller by it; the server hands that out. */
function pack(dist) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|html|svg|json|wasm|webmanifest)$/.test(entry.name)) continue;
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const plain = readFileSync(file);
    const packed = gzipSync(plain, { level: 9 });
    if (packed.length < plain.length * 0.9) writeFileSync(`${file}.gz`, packed);
  }
}

function faultsOf(dist) {
  const { kilobytes } = firstLoad(dist, 'index.html');
  const faults = notKept(dist).map((file) => `the service worker does not keep ${file}`);
  if (kilobytes > GOAL_KB) faults.push(`a handheld's first load is ${kilobytes.toFixed(1)} kB gz, above ${GOAL_KB} kB`);
  return faults;
}
