/// <reference lib="webworker" />
/**
 * The decoder, off the page's thread: a frame that takes long does not make a button slow. It has no network of its own: the page
 * tells it where the wasm lies, on our own origin.
 */
import { prepareZXingModule, purgeZXingModule, readBarcodes, type ReadResult } from 'zxing-wasm/reader';
import { counts, LARGEST_TO_ENLARGE, PASSES, type Pass } from './passes';
import type { Ask, Hit, Reply } from './protocol';

declare const self: DedicatedWorkerGlobalScope;

/** The one decoder there is: to make it takes longer than to read a picture. */
let made: { wasm: string; decoder: Promise<unknown> } | null = null;

function prepare(wasm: string): Promise<unknown> {
  if (made?.wasm !== wasm) {
    const decoder = prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
    made = { wasm, decoder };
  }
  return made.decoder;
}

function forget(): void {
  purgeZXingModule();
  made = null;
}

/** The picture's pixels on white: what is transparent is paper. */
function pixels(image: ImageBitmap, scale: number): ImageData {
  const [width, height] = [image.width * scale, image.height * scale];
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('no canvas');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function hit({ text, bytes, format, symbology, position }: ReadResult, scale: number): Hit {
  const corners = [position.topLeft, position.topRight, position.bottomRight, position.bottomLeft];
  return { text, bytes, format, symbology, corners: corners.map(({ x, y }) => ({ x: x / scale, y: y / scale })) };
}

async function readOnce(image: ImageBitmap, { scale, options }: Pass): Promise<Hit[]> {
  if (scale > 1 && image.width * image.height > LARGEST_TO_ENLARGE) return readOnce(image, { scale: 1, options });
  const found = await readBarcodes(pixels(image, scale), options);
  return found.filter(counts).map((one) => hit(one, scale));
}

/** A pass that the decoder falls over costs that pass: it is made anew, one picture must not end the day's scanning. */
async function read(image: ImageBitmap, wasm: string, passes: readonly Pass[] = PASSES): Promise<Hit[]> {
  let fallen: unknown;
  for (const pass of passes) {
    try {
      await prepare(wasm);
      const hits = await readOnce(image, pass);
      if (hits.length > 0) return hits;
    } catch (error) {
      forget();
      fallen = error;
    }
  }
  if (fallen) throw fallen;
  return [];
}

async function answer({ id, wasm, image, passes }: Ask): Promise<Reply> {
  try {
    if (image) return { id, hits: await read(image, wasm, passes) };
    await prepare(wasm);
    return { id, hits: [] };
  } catch (error) {
    forget();
    return { id, error: String(error) };
  } finally {
    image?.close();
  }
}

self.addEventListener('message', (event: MessageEvent<Ask>) => {
  void answer(event.data).then((reply) => self.postMessage(reply));
});
