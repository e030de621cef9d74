/**
 * Codes for tests: `node tests/scan/draw.mjs '[["Code128","DS1"], ...]'` prints, for each, its width, its height and its pixels, a byte
 * each (0 is black) in base64. Drawn by the library that reads them, from its own files: nothing is fetched.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer';

const wasmBinary = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/writer/zxing_writer.wasm'));
await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });

const drawn = [];
for (const [format, text] of JSON.parse(process.argv[2])) {
  const { symbol, error } = await writeBarcode(text, { format, scale: 1 });
  if (error) throw new Error(`${format} ${text}: ${error}`);
  drawn.push([symbol.width, symbol.height, Buffer.from(symbol.data).toString('base64')]);
}
console.log(JSON.stringify(drawn));
