import { describe, expect, it } from 'vitest';
import { appsFor, messageLink, navigationLink, platformOf } from '../../../pwa/courier/road/navigation';

const door = { text: '杭州市西湖区示例路 1 号 2-501', lat_e7: 302_500_000, lng_e7: 1_201_500_000 };
const said = encodeURIComponent(door.text);

describe('navigation links', () => {
  it('tell Amap and Baidu that the coordinates are WGS-84', () => {
    expect(navigationLink('amap', door)).toContain('to=120.15,30.25,');
    expect(navigationLink('amap', door)).toContain('coordinate=wgs84');
    expect(navigationLink('baidu', door)).toContain('location=30.25,120.15');
    expect(navigationLink('baidu', door)).toContain('coord_type=wgs84');
  });
  it('give Google and Apple the address inside China, where their ground is moved, and the place elsewhere', () => {
    for (const app of ['google', 'apple'] as const) {
      expect(navigationLink(app, door)).toContain(`=${said}`);
      expect(navigationLink(app, { ...door, lat_e7: 515_000_000, lng_e7: -1_200_000 })).toContain('=51.5,-0.12');
    }
  });
  it('go by the address where there is no place', () => {
    const nowhere = { ...door, lat_e7: null, lng_e7: null };
    for (const app of ['system', 'amap', 'baidu', 'google', 'apple'] as const)
      expect(navigationLink(app, nowhere)).toContain(said);
    expect(navigationLink('system', door)).toBe(`geo:0,0?q=${said}`);
  });
  it('offer what a platform has', () => {
    expect(appsFor(platformOf('Mozilla/5.0 (Linux; Android 14)', 5))[0]).toBe('system');
    expect(appsFor(platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X)', 5))[0]).toBe('apple');
    expect(platformOf('Mozilla/5.0 (Macintosh; Intel Mac OS X)', 0)).toBe('other');
    expect(appsFor('ios')).not.toContain('system');
  });
  it('write a message that both systems open', () => {
    expect(messageLink('tel:+8613800000000', '您好 & 再见')).toBe(
      `sms:+8613800000000?&body=${encodeURIComponent('您好 & 再见')}`,
    );
    expect(messageLink(null, 'x')).toBeNull();
  });
});
