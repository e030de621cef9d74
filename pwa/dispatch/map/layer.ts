/** One canvas over the map that is drawn anew when the map stands still again: 50,000 stops are 50,000 numbers, not elements. */
import L from 'leaflet';
import type { Sight } from './model';

export interface Painter {
  /** `latitude` of the middle, degrees. */
  (canvas: CanvasRenderingContext2D, sight: Sight, latitude: number): void;
}

/** Side of Leaflet's world at zoom 0, px. */
const WORLD = 256;

export class CanvasLayer extends L.Layer {
  private canvas: HTMLCanvasElement | null = null;
  private frame = 0;

  constructor(private readonly paint: Painter) {
    super();
  }

  override onAdd(map: L.Map): this {
    const canvas = document.createElement('canvas');
    canvas.style.position = 'absolute';
    canvas.style.pointerEvents = 'none';
    canvas.setAttribute('aria-hidden', 'true');
    map.getPanes().overlayPane.append(canvas);
    this.canvas = canvas;
    this.redraw();
    return this;
  }

  override onRemove(): this {
    cancelAnimationFrame(this.frame);
    this.canvas?.remove();
    this.canvas = null;
    return this;
  }

  override getEvents(): Record<string, L.LeafletEventHandlerFn> {
    const soon = () => this.soon();
    return { move: soon, moveend: soon, zoomend: soon, resize: soon, viewreset: soon };
  }

  soon(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.redraw());
  }

  private redraw(): void {
    const { canvas } = this;
    if (canvas === null || !this._map) return;
    const map = this._map;
    const size = map.getSize();
    const ratio = window.devicePixelRatio || 1;
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    if (canvas.width !== size.x * ratio || canvas.height !== size.y * ratio) {
      canvas.width = size.x * ratio;
      canvas.height = size.y * ratio;
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
    }
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.x, size.y);
    this.paint(context, sightOf(map), map.getCenter().lat);
  }
}

export function sightOf(map: L.Map): Sight {
  const size = map.getSize();
  const scale = WORLD * 2 ** map.getZoom();
  const corner = map.project(map.containerPointToLatLng([0, 0]), map.getZoom());
  return { scale, left: corner.x, top: corner.y, width: size.x, height: size.y };
}
