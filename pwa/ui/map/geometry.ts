/** Where a place lies on the world's map, and what two sheets of it have in common. Pure. */

/** Web Mercator, 0..1 from west to east and from north to south. */
export function mercator(lat: number, lng: number): { x: number; y: number } {
  const sine = Math.min(0.9999, Math.max(-0.9999, Math.sin((lat * Math.PI) / 180)));
  return { x: lng / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

/** South-west and north-east, each latitude and longitude in degrees. */
export type Corners = [[number, number], [number, number]];

/** Whether two areas have nothing in common; with one of them unknown nobody can say so. */
export function apart(one: Corners, other: Corners | null): boolean {
  if (other === null) return false;
  const [[south, west], [north, east]] = one;
  const [[bottom, left], [top, right]] = other;
  return north < bottom || top < south || east < left || right < west;
}

/** Column and row of the tile a place lies in. */
export function tileAt(lat: number, lng: number, zoom: number): [number, number] {
  const { x, y } = mercator(lat, lng);
  const most = 2 ** zoom - 1;
  const within = (share: number) => Math.min(most, Math.max(0, Math.floor(share * 2 ** zoom)));
  return [within(x), within(y)];
}
