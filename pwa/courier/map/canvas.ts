/** Leaflet's part of the map, in a file of its own: it is fetched when somebody first opens the map, and kept for offline. */
import L from 'leaflet';
import 'leaflet/dist/leaflet.css';
import type { Place } from './model';
import { wayOf } from './model';

export interface Drawn {
  map: L.Map;
  /** Draws these places; the one chosen is larger. */
  show(places: readonly Place[], chosen: string | null): void;
  fit(): void;
  /** Shows where this phone is, until the map goes. */
  follow(): void;
  end(): void;
}

export interface Words {
  zoomIn: string;
  zoomOut: string;
  me: string;
  stop(place: Place): string;
}

export function draw(element: HTMLElement, words: Words, onpick: (key: string) => void): Drawn {
  const map = L.map(element, { zoomAnimation: false, fadeAnimation: false, maxZoom: 19, zoomControl: false });
  map.attributionControl.setPrefix(false);
  map.setView([30.25, 120.15], 11);
  L.control.zoom({ position: 'topright', zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const marks = L.layerGroup().addTo(map);
  const way = L.polyline([], { className: 'way', interactive: false }).addTo(map);
  const me = L.circleMarker([0, 0], { radius: 8, className: 'me', interactive: false });
  let shown: readonly Place[] = [];

  function show(places: readonly Place[], chosen: string | null): void {
    shown = places;
    marks.clearLayers();
    way.setLatLngs(wayOf(places));
    for (const place of places) mark(place, place.key === chosen).addTo(marks);
  }

  function mark(place: Place, chosen: boolean): L.Marker {
    const number = document.createElement('span');
    number.textContent = place.state === 'done' ? '✓' : place.label;
    const side = chosen || place.state === 'next' ? 48 : place.state === 'left' ? 36 : 24;
    const icon = L.divIcon({
      html: number,
      className: `stop ${place.state}${chosen ? ' chosen' : ''}`,
      iconSize: [side, side],
    });
    const front = place.state === 'next' ? 2000 : place.state === 'left' ? 1000 : 0;
    const made = L.marker([place.lat, place.lng], {
      icon,
      title: words.stop(place),
      alt: words.stop(place),
      zIndexOffset: chosen ? 3000 : front,
    });
    made.on('click', () => onpick(place.key));
    // Leaflet gives each mark the focus; Enter and space choose it.
    made.on('keypress', (event) => {
      const { key } = (event as L.LeafletKeyboardEvent).originalEvent;
      if (key === 'Enter' || key === ' ') onpick(place.key);
    });
    return made;
  }

  function fit(): void {
    const left = shown.filter(({ state }) => state === 'next' || state === 'left');
    const points = (left.length ? left : shown).map(({ lat, lng }): L.LatLngTuple => [lat, lng]);
    if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [36, 36], maxZoom: 16, animate: false });
  }

  map.on('locationfound', ({ latlng }) => me.setLatLng(latlng).addTo(map).bindTooltip(words.me));
  const watcher = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  watcher.observe(element);
  return {
    map,
    show,
    fit,
    follow: () => void map.locate({ watch: true, enableHighAccuracy: true }),
    end() {
      watcher.disconnect();
      map.stopLocate();
      map.remove();
    },
  };
}
