import { describe, expect, it } from 'vitest';

import { browserLocation } from '../../../pwa/device/position';

type Told = (position: { coords: Partial<GeolocationCoordinates> }) => void;

/** A browser's geolocation that says what the test wants, when it wants. */
function fake(): { geolocation: Geolocation; tell: Told; watches: () => number } {
  const watching = new Map<number, Told>();
  let last = 0;
  const geolocation = {
    watchPosition: (tell: Told) => {
      watching.set((last += 1), tell);
      return last;
    },
    clearWatch: (id: number) => void watching.delete(id),
  } as unknown as Geolocation;
  return { geolocation, tell: (at) => watching.forEach((told) => told(at)), watches: () => watching.size };
}

const SHOP = { latitude: 30.2700004, longitude: 120.1000006, accuracy: 11.2 };

describe('the browser’s position', () => {
  it('is the last fix with its age on the monotonic clock', () => {
    const { geolocation, tell } = fake();
    let mono = 5_000;
    const location = browserLocation(geolocation, () => mono)!;
    location.watch(true);
    expect(location.last()).toBeNull();
    tell({ coords: SHOP });
    mono += 90_000.4;
    expect(location.last()).toEqual({ lat_e7: 302_700_004, lng_e7: 1_201_000_006, accuracy_m: 12, age_ms: 90_000 });
  });
  it('is watched once, and forgotten when it goes off', () => {
    const { geolocation, tell, watches } = fake();
    const location = browserLocation(geolocation, () => 0)!;
    location.watch(true);
    location.watch(true);
    expect(watches()).toBe(1);
    tell({ coords: SHOP });
    location.watch(false);
    expect([watches(), location.last()]).toEqual([0, null]);
  });
  it('is none when the fix is none', () => {
    const { geolocation, tell } = fake();
    const location = browserLocation(geolocation, () => 0)!;
    location.watch(true);
    tell({ coords: { ...SHOP, latitude: Number.NaN } });
    expect(location.last()).toBeNull();
  });
  it('is not there where the browser has no such thing', () => {
    expect(browserLocation(null as never, () => 0)).toBeUndefined();
  });
});
