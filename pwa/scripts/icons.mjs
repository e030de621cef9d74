/**
 * Draws the PNG icons from public/icon.svg with a Chromium (CHROMIUM, default /usr/bin/chromium). Run by hand when the
 * drawing changes; the PNGs are kept in the repository so that a build needs no browser.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const folder = fileURLToPath(new URL('../public/', import.meta.url));
const drawing = readFileSync(`${folder}icon.svg`, 'utf8');
/** Launchers cut a maskable icon to their own shape: the ground reaches the edge, the drawing stays inside 80 %. */
const maskable = drawing
  .replace('rx="112"', 'rx="0"')
  .replace(/(<rect[^>]*>)([\s\S]*)(<\/svg>)/, '$1<g transform="translate(64 64) scale(.75)">$2</g>$3');

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
for (const [name, size, svg] of [
  ['icon-180', 180, drawing],
  ['icon-192', 192, drawing],
  ['icon-512', 512, drawing],
  ['icon-maskable-512', 512, maskable],
]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  writeFileSync(`${folder}${name}.png`, await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
