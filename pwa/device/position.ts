/** The browser's geolocation as the engine's `location`: one watch, the last fix, nothing kept once it is off. */
import type { Fix, Platform } from '../platform';

const E7 = 10_000_000;
// Metres nobody would call a place; the schema takes whole ones.
const WIDEST_M = 1_000_000;

type Known = Omit<Fix, 'age_ms'> & { mono: number };

/** Undefined where the browser has none. `mono` is the monotonic clock, ms: a fix's age must not depend on the wall clock. */
export function browserLocation(
  geolocation: Geolocation | undefined = navigator.geolocation,
  mono: () => number = () => performance.now(),
): Platform['location'] {
  if (!geolocation) return undefined;
  let watching: number | null = null;
  let known: Known | null = null;

  function stop(): void {
    if (watching !== null) geolocation?.clearWatch(watching);
    watching = null;
    known = null;
  }

  function start(): void {
    watching = geolocation?.watchPosition(
      ({ coords }) => {
        if (watching !== null) known = fixed(coords, mono());
      },
      // Refused once is refused: the watch stays, so that nobody is asked again, and no fix ever comes.
      () => undefined,
      { enableHighAccuracy: true, maximumAge: 30_000, timeout: 60_000 },
    ) as number;
  }

  return {
    watch(on) {
      if (on && watching === null) start();
      if (!on) stop();
    },
    last() {
      if (known === null) return null;
      const { mono: at, ...fix } = known;
      return { ...fix, age_ms: Math.max(0, Math.round(mono() - at)) };
    },
  };
}

function fixed({ latitude, longitude, accuracy }: GeolocationCoordinates, mono: number): Known | null {
  if (![latitude, longitude, accuracy].every(Number.isFinite)) return null;
  const accuracy_m = Math.min(Math.max(0, Math.ceil(accuracy)), WIDEST_M);
  return { lat_e7: Math.round(latitude * E7), lng_e7: Math.round(longitude * E7), accuracy_m, mono };
}
