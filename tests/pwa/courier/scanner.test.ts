import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Draft, Engine, Envelope, ScanVerdict, VerdictView } from '../../../pwa/engine';

vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
vi.stubGlobal('navigator', { language: 'en', userAgent: '', maxTouchPoints: 0, vibrate: () => true });
vi.stubGlobal('location', { hash: '' });

const { scanner } = await import('../../../pwa/courier/scan/scanner.svelte');
const { session } = await import('../../../pwa/courier/session.svelte');

/** What the engine knows; every other number is unknown. */
let known: Record<string, ScanVerdict>;
let recorded: Draft[];
/** Ends each save when it is called; a save waits for it while there is one. */
let hold: Promise<void> | null;

beforeEach(() => {
  known = {};
  recorded = [];
  hold = null;
  scanner.last = [];
  scanner.show();
  const submit = async (drafts: Draft[]): Promise<Envelope[]> => {
    await hold;
    recorded.push(...drafts);
    return drafts.map(({ entity }, at) => ({ op_id: `op${recorded.length}${at}`, entity }) as Envelope);
  };
  vi.spyOn(session, 'engine', 'get').mockReturnValue({
    verdict: async (code: string): Promise<VerdictView> => {
      const again = recorded.some((draft) => draft.payload['waybill'] === code);
      const verdict = again && known[code] === 'mine' ? 'duplicate' : (known[code] ?? 'unknown');
      return { verdict, waybill: code, entity: `parcel:${code}`, manifest_age_ms: null };
    },
    submit,
  } as unknown as Engine);
  vi.spyOn(session, 'submit').mockImplementation(submit);
  session.identity = { loggedIn: true } as typeof session.identity;
  while (scanner.current) scanner.dismiss();
});

const payloads = (): unknown[] => recorded.map(({ payload }) => [payload['waybill'], payload['verdict']]);

describe('a scan', () => {
  it('is judged by the number on the own list, whatever the label puts around it', async () => {
    known['9400111206206406260787'] = 'mine';
    await scanner.read('420787459400111206206406260787', 'camera');
    expect(scanner.current).toMatchObject({ verdict: 'mine', waybill: '9400111206206406260787' });
  });
  it('with a wrong check digit is said, looked for and recorded', async () => {
    await scanner.read('RB123456786GB', 'wedge');
    expect(scanner.current).toMatchObject({ verdict: 'unknown', check: 'bad' });
    await vi.waitFor(() => expect(payloads()).toEqual([['RB123456786GB', 'unknown']]));
  });
  it('of a web address or of nothing is told, and recorded nowhere', async () => {
    await scanner.read('https://example.com/', 'camera');
    expect(scanner.noNumber).toMatchObject({ trouble: 'address' });
    await scanner.read('\x00', 'wedge');
    expect(scanner.noNumber).toMatchObject({ trouble: 'empty' });
    expect([scanner.current, recorded, scanner.last]).toEqual([null, [], []]);
  });
  it('does not wait for the record of the parcel before; one of the same parcel does', async () => {
    Object.assign(known, { SF1428805599012: 'mine', SF1428805599020: 'mine' });
    let save = (): void => undefined;
    hold = new Promise((done) => (save = done));
    await scanner.read('SF1428805599012', 'wedge');
    await scanner.read('SF1428805599020', 'wedge');
    expect(scanner.last.map(({ verdict }) => verdict)).toEqual(['mine', 'mine']);
    const third = scanner.read('SF1428805599012', 'wedge');
    save();
    await third;
    expect(scanner.current?.verdict).toBe('duplicate');
  });
});

describe('recalled parcels', () => {
  it('each sound their own alarm until it is acknowledged', async () => {
    Object.assign(known, { SF1428805599012: 'recalled', SF1428805599020: 'recalled', SF1428805599038: 'mine' });
    await scanner.read('SF1428805599012', 'wedge');
    await scanner.read('SF1428805599038', 'wedge');
    await scanner.read('SF1428805599020', 'wedge');
    expect(scanner.current?.waybill).toBe('SF1428805599012');
    scanner.dismiss();
    expect(scanner.current?.waybill).toBe('SF1428805599020');
    scanner.dismiss();
    expect(scanner.current).toBeNull();
    await vi.waitFor(() => expect(recorded).toHaveLength(3));
  });
});

describe('undo', () => {
  it('is a correcting operation, and leaves the scan to be seen', async () => {
    known['SF1428805599012'] = 'mine';
    await scanner.read('SF1428805599012', 'camera');
    await scanner.undoLast();
    expect(recorded.map(({ type }) => type)).toEqual(['parcel.scanned', 'operation.corrected']);
    expect(recorded[1]?.payload).toMatchObject({ corrects: 'op10', error: 'did_not_occur' });
    expect(scanner.last[0]).toMatchObject({ undone: true });
    expect([scanner.current, scanner.undoable]).toEqual([null, null]);
  });
});

describe('of several codes in one picture', () => {
  it('the first that is known here is meant, and none is recorded', async () => {
    known['SF1428805599012'] = 'other_route';
    expect(await scanner.known(['ZT7311234567', 'SF1428805599012'])).toBe('SF1428805599012');
    expect(await scanner.known(['ZT7311234567', 'https://example.com/'])).toBeNull();
    expect(recorded).toEqual([]);
  });
});
