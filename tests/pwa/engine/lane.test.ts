/** The proofs' own lane: what broke off goes on, signatures before photos, and no photo keeps an operation waiting. */
import { describe, expect, it } from 'vitest';

import { MAX_CHUNK } from '../../../pwa/engine/proofs';
import type { HttpRequest } from '../../../pwa/platform';
import { delivered, json, noted, PNG, problem, rig } from '../fakes';

const MEGABYTES = 3 * 1024 * 1024;
const LARGE = 1024 * 1024 + 5;

function picture(size: number, mark = 0): Uint8Array {
  const bytes = new Uint8Array(size).fill(mark);
  bytes.set(PNG);
  return bytes;
}

/** A handheld with one task, signed off with these pictures (the first the signature), nothing sent yet. */
async function signedOff(photos: Uint8Array[], signature: Uint8Array = PNG) {
  const made = await rig();
  const task = made.server.task('SF1');
  await made.engine.sync();
  const given = [signature, ...photos].map((bytes, i) => ({
    bytes,
    type: 'image/png',
    kind: i === 0 ? ('signature' as const) : ('photo' as const),
  }));
  const named = photos.map((_, i) => `blob:${i + 1}`);
  await made.engine.submit([delivered(task, { signature: 'blob:0', photos: named })], given);
  made.server.requests.length = 0;
  const shas = await Promise.all([signature, ...photos].map((bytes) => made.platform.hash(bytes)));
  const about = (sha: string | undefined) => made.server.requests.filter(({ path }) => path.endsWith(sha as string));
  return { ...made, task, shas, about, state: () => made.engine.status() };
}

/** Body bytes of a picture that went over the network. */
const weight = (requests: { bytes: number }[]): number => requests.reduce((sum, { bytes }) => sum + bytes, 0);
const isPiece = (request: HttpRequest): boolean => request.method === 'PATCH';

describe('a photo that breaks off', () => {
  it.each(['before the server has it', 'before its answer is here'])(
    'P33 goes on with at most one piece sent again: cut %s',
    async (when) => {
      const { engine, server, shas, about, state } = await signedOff([picture(MEGABYTES)]);
      let pieces = 0;
      const cut = (request: HttpRequest): void => {
        if (isPiece(request) && (pieces += 1) === 6) throw new Error('the lift');
      };
      if (when.startsWith('before the')) server.intercept = (request) => (cut(request), null);
      else server.beforeAnswer = cut;
      expect(await engine.sync()).toMatchObject({ ok: false, phase: 'offline' });
      expect(await state()).toMatchObject({ waiting: 0, proofsWaiting: 1 });
      expect(await engine.sync()).toMatchObject({ ok: true, blobs: 1 });
      expect(server.blobs.get(shas[1] as string)).toHaveLength(MEGABYTES);
      const sent = about(shas[1]);
      expect(weight(sent) - MEGABYTES).toBe(when.startsWith('before its') ? 0 : MAX_CHUNK);
      expect(Math.max(...sent.map(({ bytes }) => bytes))).toBe(MAX_CHUNK);
      expect((await state()).proofsWaiting).toBe(0);
    },
  );

  it('P33 goes on after the app was killed, and again and again', async () => {
    const { server, shas, about, again } = await signedOff([picture(LARGE)]);
    let pieces = 0;
    server.intercept = (request) => {
      if (isPiece(request) && (pieces += 1) % 3 === 0) throw new Error('the lift');
      return null;
    };
    let tries = 0;
    for (; !server.blobs.has(shas[1] as string) && tries < 20; tries += 1) await (await again()).sync();
    expect(server.blobs.get(shas[1] as string)).toHaveLength(LARGE);
    expect(weight(about(shas[1])) - LARGE).toBeLessThanOrEqual((tries - 1) * MAX_CHUNK);
  });

  it('P33 begins anew once when the server found other bytes, and is kept when it finds them again', async () => {
    const { engine, server, shas, platform } = await signedOff([picture(LARGE)]);
    server.parts.set(shas[1] as string, new Uint8Array(MAX_CHUNK));
    expect(await engine.sync()).toMatchObject({ ok: true, blobs: 2 });
    expect(server.blobs.has(shas[1] as string)).toBe(true);
    expect(await platform.hash(server.blobs.get(shas[1] as string) as Uint8Array)).toBe(shas[1]);
  });

  it('P33 leaves a part to another who sends it as well', async () => {
    const { engine, server } = await signedOff([picture(LARGE)]);
    server.intercept = (request) => (isPiece(request) ? problem(409, 'offset_mismatch') : null);
    expect(await engine.sync()).toMatchObject({ ok: false, code: 'offset_mismatch' });
    server.intercept = () => null;
    expect(await engine.sync()).toMatchObject({ ok: true });
  });

  it("I10 is not stored because somebody else's page says 200", async () => {
    const { engine, server, state } = await signedOff([picture(LARGE)]);
    const hotel = (request: HttpRequest) => (request.path.includes('/blobs/') ? json(200, { welcome: 1 }) : null);
    server.intercept = hotel;
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'offline' });
    expect(await state()).toMatchObject({ waiting: 0, proofsWaiting: 2 });
    server.intercept = (request) => (request.method === 'PATCH' ? hotel(request) : null);
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'offline' });
    expect(await state()).toMatchObject({ proofsWaiting: 1 });
  });
});

describe('the order of the lane', () => {
  it('P33 a photo under way lets a scan go first, and the signature that came with it', async () => {
    const { engine, server, task, shas, platform } = await signedOff([picture(LARGE)]);
    const late = picture(900, 7);
    const lateSha = await platform.hash(late);
    let pieces = 0;
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      if (isPiece(request) && (pieces += 1) === 4) {
        await engine.submit([noted(task, 'gate is open')]);
        const blobs = [{ bytes: late, type: 'image/png', kind: 'signature' as const }];
        await engine.submit([delivered(task, { signature: 'blob:0' })], blobs);
      }
      return real(request);
    };
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 3, blobs: 3 });
    const order = server.requests.map(({ method, path }) => (path.endsWith('exchange') ? 'ops' : method));
    const fourth = order.indexOf('PATCH') + 3;
    expect(order.slice(0, 2)).toEqual(['ops', 'PUT']);
    expect(order.slice(fourth, fourth + 4)).toEqual(['PATCH', 'ops', 'PUT', 'PATCH']);
    expect(server.requests[fourth + 2]?.path.slice(-64)).toBe(lateSha);
    // The interrupted photo went on without a question, and without a byte twice.
    const photo = server.requests.filter(({ path }) => path.endsWith(shas[1] as string));
    expect(weight(photo)).toBe(LARGE);
    expect(photo.filter(({ method }) => method === 'HEAD')).toHaveLength(1);
  });

  it('P33 signatures go before photos, however large they are', async () => {
    const { engine, server, shas } = await signedOff([picture(900, 1), picture(300, 2)], picture(LARGE));
    await engine.sync();
    const order = server.requests.filter(({ path }) => path.includes('/blobs/')).map(({ path }) => path.slice(-64));
    expect([...new Set(order)]).toEqual([shas[0], shas[2], shas[1]]);
  });

  it('P33 what waits and cannot go does not hold up the photo', async () => {
    const { engine, server, task } = await signedOff([picture(LARGE)]);
    let [pieces, exchanges] = [0, 0];
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      if (isPiece(request) && (pieces += 1) === 2) await engine.submit([noted(task, 'x')]);
      const answer = await real(request);
      if (!request.path.endsWith('exchange') || (exchanges += 1) < 2 || exchanges > 20) return answer;
      // A server that takes nothing any more.
      return json(200, { ...JSON.parse(Buffer.from(answer.body).toString()), head_seq: 1, results: [] });
    };
    await engine.sync();
    expect([...server.blobs.keys()]).toHaveLength(2);
    expect(exchanges).toBeLessThan(8);
  });

  it('P33 pieces shrink on a slow way, so that a scan waits a few seconds and not for a whole photo', async () => {
    const bytesASecond = 16 * 1024;
    let mono = 0;
    const made = await rig(() => ({ mono: () => mono }));
    const task = made.server.task('SF1');
    await made.engine.sync();
    await made.engine.submit([delivered(task, { photos: ['blob:0'] })], [{ bytes: picture(LARGE), type: 'image/png' }]);
    made.server.beforeAnswer = ({ body }) => void (mono += ((body?.length ?? 0) * 1_000) / bytesASecond);
    await made.engine.sync();
    const pieces = made.server.requests.filter(({ method }) => method === 'PATCH').map(({ bytes }) => bytes);
    expect(Math.max(...pieces)).toBe(64 * 1024);
    expect(made.server.blobs.size).toBe(1);
  });

  it('P33 what the server has already is not sent again', async () => {
    const photo = picture(LARGE);
    const { engine, server, shas, about } = await signedOff([photo]);
    server.blobs.set(shas[1] as string, photo);
    expect(await engine.sync()).toMatchObject({ ok: true, blobs: 2 });
    expect(weight(about(shas[1]))).toBe(0);
  });
});
