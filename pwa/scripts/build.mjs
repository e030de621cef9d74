/** `npm run build`: the web apps into pwa/dist. Prints what a handheld's first load costs, gzipped. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const pwa = fileURLToPath(new URL('..', import.meta.url));
await build({ configFile: join(pwa, 'vite.config.ts'), logLevel: 'warn' });
for (const mode of ['page', 'worker']) {
  await build({ configFile: join(pwa, 'tracking/vite.config.ts'), mode, logLevel: 'warn' });
}

const dist = join(pwa, 'dist');
const size = (file) => gzipSync(readFileSync(join(dist, file))).length;
const references = (html) => [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((found) => found[1]);
for (const page of readdirSync(dist).filter((file) => file.endsWith('.html'))) {
  const files = [page, ...new Set(references(readFileSync(join(dist, page), 'utf8')))];
  const kilobytes = files.reduce((sum, file) => sum + size(file), 0) / 1024;
  console.log(`${page}: ${kilobytes.toFixed(1)} kB gz in ${files.length} files`);
}
