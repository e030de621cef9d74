import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  addressLines,
  day,
  dayKey,
  maskName,
  maskPhone,
  money,
  parseMoney,
  parseWeight,
  remaining,
  time,
  timeOfDay,
  waybillGroups,
  weight,
  window,
} from '../../../pwa/ui/format';

const ZONE = 'Asia/Shanghai';
/** 2025-11-21 09:42 in Shanghai. */
const NOW = 1_763_689_320_000;
const MINUTE = 60_000;

describe('what the phone has said of a zone', () => {
  const started = async () => {
    vi.resetModules();
    return import('../../../pwa/ui/format');
  };
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('is not asked again when the app is opened anew, on that day and on the next', async () => {
    const disk = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => disk.get(key) ?? null,
      setItem: (key: string, value: string) => disk.set(key, value),
    });
    expect((await started()).time(NOW, ZONE)).toBe('09:42');
    const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
    const anew = await started();
    expect([anew.time(NOW, ZONE), anew.time(NOW + 24 * 60 * MINUTE, ZONE)]).toEqual(['09:42', '09:42']);
    expect(asked).not.toHaveBeenCalled();
    expect(anew.time(NOW, 'Europe/Berlin')).toBe('02:42');
    expect(asked).toHaveBeenCalled();
  });

  it.each(['', 'no JSON', '7', '{}'])('is asked again where it was not kept as it was (%j)', async (found) => {
    vi.stubGlobal('localStorage', { getItem: () => found, setItem: () => expect.fail() });
    expect((await started()).dayKey(NOW, ZONE)).toBe('2025-11-21');
  });
});

describe('time in the zone of the station', () => {
  it('says hours and minutes, midnight as 00', () => {
    expect(time(NOW, ZONE)).toBe('09:42');
    expect(time(NOW - (9 * 60 + 42) * MINUTE, ZONE)).toBe('00:00');
  });
  it('names the day in both languages', () => {
    expect(day(NOW, ZONE, 'zh')).toBe('11月21日 周五');
    expect(day(NOW, ZONE, 'en')).toBe('Fri 21 Nov');
    expect(dayKey(NOW, ZONE)).toBe('2025-11-21');
  });
  it('adds the date only for another day', () => {
    expect(timeOfDay(NOW - MINUTE, NOW, ZONE, 'zh')).toBe('09:41');
    expect(timeOfDay(NOW - 24 * 60 * MINUTE, NOW, ZONE, 'en')).toBe('20 Nov 09:42');
  });
  it.each(['Asia/Shanghai', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe'])(
    'is what the clocks there show, also on the days they are put forward or back (%s)',
    (timeZone) => {
      const clock = new Intl.DateTimeFormat('en-GB', {
        ...({ timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const),
      });
      const date = new Intl.DateTimeFormat('en-CA', { timeZone });
      for (let at = NOW; at < NOW + 366 * 1_440 * MINUTE; at += 97 * MINUTE) {
        expect([time(at, timeZone), dayKey(at, timeZone)]).toEqual([clock.format(at), date.format(at)]);
      }
    },
  );
  it('says a window with either end open', () => {
    expect(window(NOW, NOW + 60 * MINUTE, ZONE)).toBe('09:42–10:42');
    expect(window(null, NOW, ZONE)).toBe('–09:42');
    expect(window(null, null, ZONE)).toBeNull();
  });
  it('counts what remains; the end itself is in time', () => {
    expect(remaining(NOW + 28 * MINUTE, NOW)).toEqual({ minutes: 28, over: false });
    expect(remaining(NOW, NOW)).toEqual({ minutes: 0, over: false });
    expect(remaining(NOW - 90_000, NOW)).toEqual({ minutes: 1, over: true });
    expect(remaining(null, NOW)).toBeNull();
  });
});

describe('money and weight without floats', () => {
  it.each([
    [12_800, '¥128.00'],
    [5, '¥0.05'],
    [123_456_789, '¥1,234,567.89'],
    [-250, '-¥2.50'],
  ])('%i fen is %s', (minor, words) => expect(money(minor)).toBe(words));
  it('knows other currencies by sign or by code', () => {
    expect(money(100, 'EUR')).toBe('€1.00');
    expect(money(100, 'JPY')).toBe('JPY 1.00');
  });
  it.each([
    ['128', 12_800],
    ['128.5', 12_850],
    ['¥1,280.05', 128_005],
    ['0.29', 29],
    ['128。50', 12_850],
  ])('%s is an amount', (typed, minor) => expect(parseMoney(typed)).toBe(minor));
  it.each(['', 'abc', '1.234', '-5', '12 8'])('"%s" is none', (typed) => expect(parseMoney(typed)).toBeNull());
  it.each([
    ['1.25', 1250],
    ['2kg', 2000],
    ['0.5', 500],
  ])('%s is a weight', (typed, grams) => expect(parseWeight(typed)).toBe(grams));
  it.each(['0', '', '1.2345', 'heavy'])('"%s" is no weight', (typed) => expect(parseWeight(typed)).toBeNull());
  it('says grams as kilograms', () => {
    expect(weight(1250)).toBe('1.25 kg');
    expect(weight(2000)).toBe('2 kg');
  });
});

describe('waybills', () => {
  it('stand in fours, counted from the end', () => {
    expect(waybillGroups('SF1428805599012')).toEqual({ head: ['SF1', '4288', '0559'], tail: '9012' });
    expect(waybillGroups('9012')).toEqual({ head: [], tail: '9012' });
  });
  it('leave no letter alone in front', () => {
    expect(waybillGroups('DD26112200144')).toEqual({ head: ['DD261', '1220'], tail: '0144' });
  });
});

describe('addresses as people read them', () => {
  it('place, door, and only what stands before the place', () => {
    const address = {
      text: '北京市朝阳区望京西路48号望京花园3号楼2单元1102',
      community: '望京花园',
      building: '3号楼',
      unit: '2单元',
      room: '1102',
    };
    expect(addressLines(address)).toEqual({
      place: '望京花园',
      door: '3号楼 · 2单元 · 1102',
      around: '北京市朝阳区望京西路48号',
    });
  });
  it('keeps what else the text says', () => {
    const address = {
      text: '北京市朝阳区来广营西路',
      community: '融科橄榄城',
      building: '12号楼',
      unit: null,
      room: null,
    };
    expect(addressLines(address).around).toBe('北京市朝阳区来广营西路');
    const more = { ...address, text: '来广营西路5号融科橄榄城12号楼1单元902 快递柜旁', room: '902' };
    expect(addressLines({ ...more, unit: '1单元' }).around).toBe('来广营西路5号 快递柜旁');
  });
  it('names bare numbers as the whole text does', () => {
    const text = '杭州市西湖区蒋村望荷街295号云溪雅苑5幢3单元';
    expect(addressLines({ text, community: '云溪雅苑', building: '5', unit: '3', room: '504' })).toEqual({
      place: '云溪雅苑',
      door: '5幢 · 3单元 · 504',
      around: '杭州市西湖区蒋村望荷街295号',
    });
  });
  it('does so in English, too', () => {
    const text = 'Building 18, Unit 3, Fengqiao Garden, 12 Lake Road, Hangzhou';
    expect(addressLines({ text, community: 'Fengqiao Garden', building: '18', unit: '3', room: '804' })).toEqual({
      place: 'Fengqiao Garden',
      door: 'Building 18 · Unit 3 · 804',
      around: '12 Lake Road, Hangzhou',
    });
    const short = 'Building 18, Unit 3, Fengqiao Garden';
    expect(
      addressLines({ text: short, community: 'Fengqiao Garden', building: '18', unit: '3', room: null }).around,
    ).toBe('');
  });
  it('without parts sets the region apart', () => {
    expect(addressLines({ text: '北京市朝阳区广顺南大街16号院2号楼' })).toEqual({
      place: '广顺南大街16号院2号楼',
      door: '',
      around: '北京市朝阳区',
    });
    expect(addressLines({ text: '浙江省杭州市余杭区文一西路969号' }).place).toBe('文一西路969号');
    expect(addressLines({ text: '12 Harbour Road, Flat 3' })).toEqual({
      place: '12 Harbour Road, Flat 3',
      door: '',
      around: '',
    });
  });
});

describe('masks', () => {
  it.each([
    ['王小明', '王**'],
    ['孙', '*'],
    ['John Smith', 'J*** S****'],
    ['星辰设计工作室', '星****'],
  ])('%s is shown as %s', (name, masked) => expect(maskName(name)).toBe(masked));
  it('hides six digits of a number and most of a short one', () => {
    expect(maskPhone('13812345678')).toBe('138******78');
    expect(maskPhone('+86 139 1111 2222')).toBe('86139******22');
    expect(maskPhone('12345')).toBe('***45');
    expect(maskPhone('')).toBe('');
  });
});
