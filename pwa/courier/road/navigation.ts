/**
 * Links into the map apps a courier has. Pure.
 *
 * What we hold are the coordinates of the order, taken for WGS-84 (what GPS says). Amap and Baidu are told so and move them to
 * their own datum by themselves; Google and Apple cannot be told, and inside mainland China they draw on GCJ-02: there they are
 * given the address instead, which is right everywhere. Nothing but the place goes out: no name, no number, no waybill.
 */
import type { Address } from '../../engine';

export type MapApp = 'system' | 'amap' | 'baidu' | 'google' | 'apple';
export type Platform = 'android' | 'ios' | 'other';

const E7 = 1e7;
const SOURCE = 'doorstep';

export function platformOf(agent: string, touches: number): Platform {
  if (/android/i.test(agent)) return 'android';
  // An iPad calls itself a Macintosh; no Macintosh has a touch screen.
  return /iphone|ipad|ipod/i.test(agent) || (/macintosh/i.test(agent) && touches > 1) ? 'ios' : 'other';
}

/** The apps to choose from; the first is taken as long as nobody has chosen. */
export function appsFor(platform: Platform): MapApp[] {
  if (platform === 'ios') return ['apple', 'amap', 'baidu', 'google'];
  return platform === 'android' ? ['system', 'amap', 'baidu', 'google'] : ['amap', 'baidu', 'google', 'apple'];
}

/** Roughly: wide enough that no Chinese address is taken for one abroad. */
export function inMainland(lat: number, lng: number): boolean {
  return lat > 17.5 && lat < 54 && lng > 73 && lng < 135.5;
}

export function navigationLink(app: MapApp, address: Pick<Address, 'text' | 'lat_e7' | 'lng_e7'>): string {
  const text = encodeURIComponent(address.text);
  const { lat_e7, lng_e7 } = address;
  const at = lat_e7 === null || lng_e7 === null ? null : { lat: lat_e7 / E7, lng: lng_e7 / E7 };
  const shared = at && !inMainland(at.lat, at.lng) ? `${at.lat},${at.lng}` : text;
  switch (app) {
    case 'amap':
      return at
        ? `https://uri.amap.com/navigation?to=${at.lng},${at.lat},${text}&coordinate=wgs84&callnative=1&src=${SOURCE}`
        : `https://uri.amap.com/search?keyword=${text}&callnative=1&src=${SOURCE}`;
    case 'baidu':
      return at
        ? `https://api.map.baidu.com/marker?location=${at.lat},${at.lng}&title=${text}&content=${text}&coord_type=wgs84&output=html&src=${SOURCE}`
        : `https://api.map.baidu.com/geocoder?address=${text}&output=html&src=${SOURCE}`;
    case 'google':
      return `https://www.google.com/maps/dir/?api=1&destination=${shared}`;
    case 'apple':
      return `https://maps.apple.com/?daddr=${shared}`;
    case 'system':
      return `geo:0,0?q=${text}`;
  }
}

/** A message to the customer, to be sent with the phone's own app; null when there is no number. Both systems read `?&body=`. */
export function messageLink(telephone: string | null, text: string): string | null {
  return telephone === null ? null : `${telephone.replace(/^tel:/, 'sms:')}?&body=${encodeURIComponent(text)}`;
}
