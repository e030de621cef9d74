/**
 * The map's ground: one .pmtiles file of vector tiles, read in pieces. The renderer would leave holes and say nothing where it
 * can not be read; here the map is told, so that it can draw the schematic and say why.
 */
import type L from 'leaflet';
import { FetchSource, PMTiles, TileType, type Header, type RangeResponse, type Source } from 'pmtiles';
import { leafletLayer } from 'protomaps-leaflet';
import { apart, tileAt, type Corners } from './geometry';

/** `coming` until the first tile is drawn; `unread` and `elsewhere` are why there is none. */
export type Ground = 'coming' | 'shown' | 'unread' | 'elsewhere';

export interface Wanted {
  /** Its address, or whatever else reads it in pieces. */
  from: string | Source;
  dark: boolean;
  language: 'zh' | 'en';
  /** What the ground is to lie under; null = nothing yet. */
  under: Corners | null;
  /** Past the browser's cache: it may hold pieces of a file that has been mended since. */
  anew: boolean;
}

/** As the tiles name them. */
const LANGUAGES = { zh: 'zh-Hans', en: 'en' };

class Tiles extends PMTiles {
  constructor(
    source: Source,
    private readonly lost: () => void,
  ) {
    super(source);
  }

  /** A tile that is not needed any more is given up: nothing is wrong then. */
  override async getZxy(z: number, x: number, y: number, signal?: AbortSignal): Promise<RangeResponse | undefined> {
    try {
      return await super.getZxy(z, x, y, signal);
    } catch {
      if (signal?.aborted !== true) this.lost();
      return undefined;
    }
  }
}

/** Puts the ground under the map and tells what becomes of it; the answer takes it away. */
export function lay(map: L.Map, wanted: Wanted, told: (ground: Ground) => void): () => void {
  let layer: L.Layer | null = null;
  let over = false;
  const end = (why?: Ground): void => {
    if (over) return;
    over = true;
    layer?.remove();
    if (why !== undefined) told(why);
  };
  const tiles = new Tiles(sourceOf(wanted), () => end('unread'));
  const begin = async (): Promise<void> => {
    const header = await tiles.getHeader();
    if (apart(cornersOf(header), wanted.under)) return end('elsewhere');
    if (header.tileType !== TileType.Mvt) return end('unread');
    // One tile before any is drawn: a file that was cut off still has its header.
    await tiles.getZxy(header.minZoom, ...tileAt(header.centerLat, header.centerLon, header.minZoom));
    if (over) return;
    layer = drawn(tiles, header, wanted);
    layer.once('tileload', () => over || told('shown'));
    layer.addTo(map);
  };
  told('coming');
  begin().catch(() => end('unread'));
  return () => end();
}

function sourceOf({ from, anew }: Wanted): Source {
  if (typeof from !== 'string') return from;
  const source = new FetchSource(from);
  source.mustReload = anew;
  return source;
}

function drawn(tiles: PMTiles, header: Header, { dark, language }: Wanted): L.Layer {
  // The renderer brings an older PMTiles of its own; it asks no more of ours than `getZxy`.
  const options = { maxDataZoom: header.maxZoom, flavor: dark ? 'dark' : 'light', lang: LANGUAGES[language] };
  return leafletLayer({ ...options, url: tiles as never }) as unknown as L.Layer;
}

function cornersOf({ minLat, minLon, maxLat, maxLon }: Header): Corners {
  return [
    [minLat, minLon],
    [maxLat, maxLon],
  ];
}
