/** Drawing on the map's canvas: grid, routes, stops, clusters, couriers. Colours are the page's roles, read once a draw. */
import { GLYPHS, type Tone } from '../parts/glyphs';
import type { MapStop } from '../types';
import { gridStep, metresPerPixel, radiusOf, tonesOf, type Points, type Sight, type Spot } from './model';

export interface Palette {
  tones: Record<Tone, string>;
  raised: string;
  surface: string;
  line: string;
  text: string;
  note: string;
  onNote: string;
  /** Of what is written on the canvas, after its size. */
  font: string;
}

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const role = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    tones: { warn: role('warn-mark'), quiet: role('quiet'), accent: role('accent'), good: role('good') },
    raised: role('raised'),
    surface: role('surface'),
    line: role('line'),
    text: role('text'),
    note: role('note'),
    onNote: role('on-note'),
    font: style.fontFamily,
  };
}

type Canvas = CanvasRenderingContext2D;

/** The ground where there are no tiles: a grid of round metres, counted from the world's corner. */
export function paintGrid(canvas: Canvas, sight: Sight, latitude: number, colours: Palette): void {
  canvas.fillStyle = colours.surface;
  canvas.fillRect(0, 0, sight.width, sight.height);
  const metres = metresPerPixel(sight.scale, latitude);
  const gap = gridStep(metres, 72) / metres;
  canvas.strokeStyle = colours.line;
  canvas.lineWidth = 1;
  canvas.beginPath();
  for (let x = gap - (sight.left % gap); x < sight.width; x += gap) {
    canvas.moveTo(Math.round(x) + 0.5, 0);
    canvas.lineTo(Math.round(x) + 0.5, sight.height);
  }
  for (let y = gap - (sight.top % gap); y < sight.height; y += gap) {
    canvas.moveTo(0, Math.round(y) + 0.5);
    canvas.lineTo(sight.width, Math.round(y) + 0.5);
  }
  canvas.stroke();
}

const paths = new Map<string, Path2D>();

function path(d: string): Path2D {
  const known = paths.get(d);
  if (known !== undefined) return known;
  const made = new Path2D(d);
  paths.set(d, made);
  return made;
}

function paintStop(canvas: Canvas, spot: Spot, stop: MapStop, colours: Palette, marked: boolean): void {
  const glyph = GLYPHS[stop.status];
  canvas.save();
  canvas.translate(spot.x, spot.y);
  canvas.beginPath();
  canvas.arc(0, 0, marked ? 15 : 10, 0, 2 * Math.PI);
  canvas.fillStyle = colours.raised;
  canvas.fill();
  canvas.lineWidth = marked ? 3 : 1;
  canvas.strokeStyle = marked ? colours.tones.accent : colours.line;
  canvas.stroke();
  canvas.translate(-7, -7);
  canvas.strokeStyle = colours.tones[glyph.tone];
  canvas.fillStyle = colours.tones[glyph.tone];
  canvas.lineWidth = 1.8;
  canvas.lineCap = 'round';
  if (glyph.line !== undefined) {
    canvas.setLineDash(glyph.dash ?? []);
    canvas.stroke(path(glyph.line));
    canvas.setLineDash([]);
  }
  if (glyph.full !== undefined) canvas.fill(path(glyph.full));
  if (glyph.cut !== undefined) {
    canvas.strokeStyle = colours.raised;
    canvas.stroke(path(glyph.cut));
  }
  canvas.restore();
}

/** A number in a ring; the ring's parts say how much of it is what. */
function paintCluster(canvas: Canvas, spot: Spot, points: Points, colours: Palette): void {
  const radius = radiusOf(spot.stops.length);
  canvas.beginPath();
  canvas.arc(spot.x, spot.y, radius, 0, 2 * Math.PI);
  canvas.fillStyle = colours.raised;
  canvas.fill();
  let from = -Math.PI / 2;
  canvas.lineWidth = 5;
  canvas.lineCap = 'butt';
  for (const [tone, sum] of tonesOf(spot, points)) {
    const to = from + (sum / spot.stops.length) * 2 * Math.PI;
    canvas.beginPath();
    canvas.arc(spot.x, spot.y, radius - 2.5, from, to);
    canvas.strokeStyle = colours.tones[tone];
    canvas.stroke();
    from = to;
  }
  canvas.fillStyle = colours.text;
  canvas.font = `600 12px ${colours.font}`;
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  const count = spot.stops.length;
  canvas.fillText(count < 1000 ? String(count) : `${Math.round(count / 100) / 10}k`, spot.x, spot.y + 0.5);
}

export function paintSpots(
  canvas: Canvas,
  spots: readonly Spot[],
  points: Points,
  marked: (task: string) => boolean,
  colours: Palette,
): void {
  for (const spot of spots) {
    const stop = points.stops[spot.stops[0] ?? -1];
    if (stop === undefined) continue;
    if (spot.stops.length === 1) paintStop(canvas, spot, stop, colours, marked(stop.task));
    else paintCluster(canvas, spot, points, colours);
  }
}

/** The order of one courier's stops. */
export function paintRoute(canvas: Canvas, places: readonly { x: number; y: number }[], colours: Palette): void {
  canvas.beginPath();
  for (const place of places) canvas.lineTo(place.x, place.y);
  canvas.strokeStyle = colours.tones.accent;
  canvas.globalAlpha = 0.55;
  canvas.lineWidth = 2;
  canvas.setLineDash([6, 5]);
  canvas.stroke();
  canvas.setLineDash([]);
  canvas.globalAlpha = 1;
}

export interface CourierSpot {
  x: number;
  y: number;
  label: string;
  /** The last word is old: a hollow mark. */
  stale: boolean;
}

/** A name on a flag whose foot is the place; hollow when the place is an old one. */
export function paintCourier(canvas: Canvas, courier: CourierSpot, colours: Palette): void {
  canvas.font = `600 12px ${colours.font}`;
  const width = canvas.measureText(courier.label).width + 14;
  const { x, y } = courier;
  canvas.lineWidth = 1.5;
  canvas.strokeStyle = colours.tones.accent;
  canvas.fillStyle = courier.stale ? colours.raised : colours.tones.accent;
  canvas.beginPath();
  canvas.moveTo(x, y);
  canvas.lineTo(x, y - 8);
  canvas.stroke();
  for (const part of ['foot', 'flag']) {
    canvas.beginPath();
    if (part === 'foot') canvas.arc(x, y, 3.5, 0, 2 * Math.PI);
    else canvas.roundRect(x - width / 2, y - 30, width, 22, 6);
    canvas.fill();
    canvas.stroke();
  }
  canvas.fillStyle = courier.stale ? colours.text : colours.raised;
  canvas.textAlign = 'center';
  canvas.textBaseline = 'middle';
  canvas.fillText(courier.label, x, y - 19);
}
