/** What a browser fetches before a page shows anything, and whether the handheld keeps all of its app for a day without a signal. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A handheld's first load at 400 kbit/s, kB gzipped: above it the list comes too late on a new phone. */
export const GOAL_KB = 120;

const named = (text) =>
  [...text.matchAll(/["'`](?:\.?\/)?(?:assets\/)?([\w.-]+-[\w-]{8}\.\w+)["'`]/g)].map(([, name]) => name);
const read = (dist, file) => readFileSync(join(dist, file));

/** The page itself, and the scripts and styles it names: what is fetched later is none of it. */
export function firstLoad(dist, page) {
  const html = read(dist, page).toString();
  const names = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name);
  return weigh(dist, [page, ...new Set(names)]);
}

/** The page and everything its scripts can ever ask for. */
export function wholeApp(dist, page) {
  const files = new Set([page]);
  for (const file of files) {
    if (!/\.(html|js)$/.test(file)) continue;
    for (const name of named(read(dist, file).toString())) files.add(`assets/${name}`);
  }
  return weigh(dist, [...files]);
}

/** Files of the handheld's app that its service worker does not keep: each would be a screen missing without a signal. */
export function notKept(dist) {
  const worker = read(dist, 'sw.js').toString();
  return wholeApp(dist, 'index.html').files.filter((file) => file !== 'index.html' && !worker.includes(`/${file}`));
}

function weigh(dist, files) {
  const bytes = files.reduce((sum, file) => sum + gzipSync(read(dist, file)).length, 0);
  return { files, kilobytes: bytes / 1024 };
}
