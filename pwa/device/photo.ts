/** A photo as the camera gave it (often 12 megapixels) made small enough to send: 1280 px, JPEG. */
export const LONGEST_SIDE = 1280;
const QUALITY = 0.8;

/** Size that fits into the longest side, never enlarged. */
export function fit(width: number, height: number, longest = LONGEST_SIDE): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

async function toBytes(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}

/** JPEG bytes of a captured picture, upright. Rejects when the file is no picture. */
export async function compressPhoto(file: Blob): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    const { width, height } = fit(bitmap.width, bitmap.height);
    if (typeof OffscreenCanvas !== 'undefined') {
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
      return await toBytes(await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY }));
    }
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, width, height);
    return await canvasBytes(canvas, 'image/jpeg', QUALITY);
  } finally {
    bitmap.close();
  }
}

/** What a canvas shows, encoded. */
export function canvasBytes(
  canvas: HTMLCanvasElement,
  type: 'image/png' | 'image/jpeg',
  quality?: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(toBytes(blob)) : reject(new Error('canvas not encoded'))), type, quality);
  });
}
