/** The map's ground on the handheld: read in pieces through the engine, and what was seen once is there without a signal. */
import { session } from '../session.svelte';

const KNOWN = 'doorstep.ground';
const CACHE = 'doorstep-ground-';
/** Pieces kept on the phone: a district at the zooms of a round. */
const MOST = 400;

export interface Told {
  name: string | null;
  attribution: string | null;
}

/** Which ground the station has: the server's word, or without a signal its last one. */
export async function groundTold(): Promise<Told> {
  try {
    const told = (await session.engine.call('GET', '/api/v1/ground')) as unknown as Told;
    localStorage.setItem(KNOWN, JSON.stringify(told));
    return told;
  } catch {
    if (session.practice) return { name: null, attribution: null };
    return (JSON.parse(localStorage.getItem(KNOWN) ?? 'null') as Told | null) ?? { name: null, attribution: null };
  }
}

/** What reads the file in pieces; the shape is pmtiles' own. */
export function groundSource(name: string): {
  getKey(): string;
  getBytes(offset: number, length: number): Promise<{ data: ArrayBuffer }>;
} {
  const path = `/api/v1/ground/${encodeURIComponent(name)}`;
  return {
    getKey: () => path,
    async getBytes(offset, length) {
      const key = `${path}?${offset}-${length}`;
      const kept = await caches.open(CACHE + name);
      const known = await kept.match(key);
      if (known) return { data: await known.arrayBuffer() };
      const bytes = await session.engine.piece(path, offset, length);
      await kept.put(key, new Response(bytes as Uint8Array<ArrayBuffer>)).catch(() => undefined);
      await tidy(name, kept);
      return { data: (bytes as Uint8Array<ArrayBuffer>).slice().buffer };
    },
  };
}

/** The oldest pieces go first; another ground's all at once. */
async function tidy(name: string, kept: Cache): Promise<void> {
  const keys = await kept.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST)).map((key) => kept.delete(key)));
  const others = (await caches.keys()).filter((one) => one.startsWith(CACHE) && one !== CACHE + name);
  await Promise.all(others.map((one) => caches.delete(one)));
}
