import { describe, expect, it, vi } from 'vitest';
import { corrections } from '../../../pwa/courier/corrections';
import { outForDelivery } from '../../../pwa/courier/load/model';
import { PracticeEngine } from '../../../pwa/courier/practice/engine';
import { ELSEWHERE, waybillOf } from '../../../pwa/courier/practice/round';
import type { Draft, TaskView } from '../../../pwa/engine';
import { someone } from '../preview/stub';

const NOW = 1_763_700_000_000;
const engine = (): PracticeEngine => new PracticeEngine(someone, () => NOW, 'zh');
const at = async (made: PracticeEngine, number: number): Promise<TaskView> =>
  (await made.today()).find((view) => view.parcel.waybill === waybillOf(number)) as TaskView;
const scan = async (made: PracticeEngine, waybill: string): Promise<Draft> => {
  const { verdict, entity, task } = await made.verdict(waybill);
  const payload = { code: waybill, waybill, source: 'wedge', verdict, task: task?.task.id ?? null };
  return { type: 'parcel.scanned', entity, payload };
};
const signed = (view: TaskView): Draft => ({
  type: 'task.delivered',
  entity: `task:${view.task.id}`,
  payload: { recipient: 'self', recipient_name: null, signature: 'blob:0', photos: [], consent: null },
});
const png = { bytes: new Uint8Array([1]), type: 'image/png' };

describe('practice', () => {
  it('has a round with a request, money, two parcels for one door and a pickup', async () => {
    const day = await engine().today();
    expect(day.filter((view) => view.task.kind === 'pickup')).toHaveLength(1);
    expect(day.filter((view) => view.obligation?.status === 'due')).toHaveLength(1);
    expect(day.filter((view) => view.customer.requests.length > 0)).toHaveLength(1);
    expect(new Set(day.map((view) => view.task.address.text)).size).toBe(day.length - 1);
  });
  it('judges scans as on the road', async () => {
    const made = engine();
    const said = async (waybill: string): Promise<string> => (await made.verdict(waybill)).verdict;
    expect(await said(waybillOf(1))).toBe('mine');
    await made.submit([await scan(made, waybillOf(1))]);
    expect(await said(waybillOf(1))).toBe('duplicate');
    await made.submit(outForDelivery(await made.today()).slice(0, 2));
    expect(await said(waybillOf(1))).toBe('mine');
    await made.submit([signed(await at(made, 1))], [png]);
    expect(await said(waybillOf(1))).toBe('signed');
    expect(await said(ELSEWHERE.other_route)).toBe('other_route');
    expect(await said(ELSEWHERE.recalled)).toBe('recalled');
    expect(await said('DS1')).toBe('unknown');
  });
  it('keeps the rules: no sign-off before the money, none without what it must say', async () => {
    const made = engine();
    const cod = await at(made, 3);
    await expect(made.submit([signed(cod)], [png])).rejects.toMatchObject({ problems: [{ code: 'cod_unsettled' }] });
    await expect(made.submit([{ ...signed(cod), payload: {} }])).rejects.toThrow();
    const paid = { task: cod.task.id, amount_minor: 12_850, currency: 'CNY', method: 'cash' };
    await made.submit(
      [{ type: 'payment.collected', entity: `obligation:${cod.task.id}`, payload: paid }, signed(cod)],
      [png],
    );
    expect((await at(made, 3)).task.status).toBe('delivered');
  });
  it('takes a sign-off back', async () => {
    const made = engine();
    const operations = await made.submit([signed(await at(made, 1))], [png]);
    await made.submit(corrections(operations));
    expect((await at(made, 1)).task.status).toBe('assigned');
  });
  it('makes believe that the server confirms, and closes a shift', async () => {
    vi.useFakeTimers();
    const made = engine();
    await made.submit(
      [{ type: 'shift.started', entity: 'shift:s', payload: { station: someone.station.id, tasks: 7 } }].map(
        (one) => ({ ...one, entity: `shift:${made.newId()}` }) as Draft,
      ),
    );
    expect((await made.status()).allConfirmed).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await made.status()).toMatchObject({ allConfirmed: true, recorded: 1, confirmed: 1, waiting: 0 });
    expect((await made.shift()).status).toBe('open');
    vi.useRealTimers();
  });
  it('touches neither storage nor network', async () => {
    const forbidden = (): never => {
      throw new Error('practice reached out');
    };
    vi.stubGlobal('fetch', forbidden);
    vi.stubGlobal('indexedDB', new Proxy({}, { get: forbidden }));
    vi.stubGlobal('localStorage', new Proxy({}, { get: forbidden }));
    const made = engine();
    await made.submit([signed(await at(made, 1))], [png]);
    await made.sync();
    await made.receipt();
    await expect(made.call()).rejects.toThrow('practice');
    await expect(made.enrol()).rejects.toThrow();
    made.close();
    vi.unstubAllGlobals();
  });
});
