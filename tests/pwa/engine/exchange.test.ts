import { describe, expect, it } from 'vitest';

import { delivered, DEVICE, json, noted, NOW, PNG, problem, rig, scanned } from '../fakes';

async function loaded(waybill = 'SF100') {
  const made = await rig();
  const task = made.server.task(waybill);
  await made.engine.sync();
  return { ...made, task };
}

const exchanges = (requests: { path: string; body: Record<string, unknown> | null }[]) =>
  requests.filter((request) => request.path === '/api/v1/exchange').map((request) => request.body as never as Body);

interface Body {
  push: { from_seq: number; operations: Record<string, unknown>[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
}

/** The text of the request that has just come in. */
function lastText(server: { requests: { body: unknown }[] }): string {
  return JSON.stringify(server.requests.at(-1)?.body);
}

describe('pushing', () => {
  it('sends what was saved, once, and keeps it in the journal', async () => {
    const { engine, server, task } = await loaded();
    const [envelope] = await engine.submit([delivered(task)]);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 0 });
    expect(server.operations).toEqual([envelope]);
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it('says how far the clock of this handheld is off, by the last answer', async () => {
    const { engine, server, platform } = await loaded();
    const year = 366 * 86_400_000;
    server.now = platform.now() - year;
    await engine.sync();
    expect(Math.round(((await engine.status()).clockBehind ?? 0) / 60_000)).toBe(-year / 60_000);
    server.now = platform.now();
    await engine.sync();
    expect(Math.abs((await engine.status()).clockBehind ?? 0)).toBeLessThan(1_000);
  });

  it('P14 sends a long backlog in slices of at most 100', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 250 }, (_, i) => noted(task, `n${i}`)));
    server.requests.length = 0;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 250 });
    const sent = exchanges(server.requests).map((body) => body.push?.operations.length ?? 0);
    expect(sent).toEqual([100, 100, 50]);
    expect(server.taskRecord(task).notes).toHaveLength(250);
  });

  it('P16 an answer lost after the commit changes nothing: the same operations are answered again', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'once')]);
    server.beforeAnswer = () => {
      throw new Error('connection reset');
    };
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'offline', code: 'offline' });
    expect((await engine.status()).waiting).toBe(1);
    server.beforeAnswer = () => undefined;
    await engine.submit([noted(task, 'twice')]);
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(['once', 'twice']);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it('P15 goes back to what the server expects after a gap answer', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'a'), noted(task, 'b')]);
    await engine.sync();
    // The server lost the last operation (a restored backup without a new epoch).
    const [entries] = [...server.ledger.values()] as [unknown[]];
    entries.length = 1;
    await engine.submit([noted(task, 'c')]);
    await engine.sync();
    expect(server.operations.map((op) => op.payload['text'])).toEqual(['a', 'b', 'c']);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it('P18 halves an unreadable batch until the culprit stands alone, parks it and lets the rest through', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 12 }, (_, i) => noted(task, i === 5 ? 'poison' : `n${i}`)));
    server.intercept = (request) =>
      request.path === '/api/v1/exchange' && lastText(server).includes('poison') ? problem(400, 'unreadable') : null;
    server.requests.length = 0;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 12 });
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(
      Array.from({ length: 12 }, (_, i) => `n${i}`).filter((text) => text !== 'n5'),
    );
    expect(await engine.outbox()).toMatchObject([{ seq: 6, state: 'needs_you', code: 'unreadable', seen: false }]);
    expect(server.operations[5]).toMatchObject({ device: DEVICE, seq: 6, parked: { code: 'unreadable' } });
    expect((await engine.status()).needsYou).toBe(1);
  });

  it('P18 does the same when the server says the body is too large', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 8 }, (_, i) => noted(task, `n${i}`)));
    server.intercept = () => ((server.requests.at(-1)?.bytes ?? 0) > 2_500 ? problem(413, 'too_large') : null);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 8 });
    expect(await engine.outbox()).toEqual([]);
  });

  it('a quarantined operation stays visible until a person has seen it', async () => {
    const { engine, server, task } = await loaded();
    const [envelope] = await engine.submit([delivered(task)]);
    const [scan] = await engine.submit([scanned('SF100')]);
    server.opIds.set(envelope?.op_id ?? '', { content: 'other', result: {} as never });
    await engine.sync();
    expect(await engine.outbox()).toMatchObject([{ op_id: envelope?.op_id, state: 'needs_you', code: 'id_reuse' }]);
    await engine.sync();
    expect((await engine.task(task))?.state).toBe('needs_you');
    expect((await engine.task(task))?.task.status).toBe('assigned');
    await engine.markSeen(envelope?.op_id ?? '');
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.status()).needsYou).toBe(0);
    expect(server.operations.map((op) => op.op_id)).toEqual([envelope?.op_id, scan?.op_id]);
  });

  it('P32 says all is confirmed only when the server has said so for this database', async () => {
    const { engine, task } = await rig().then(async (made) => ({ ...made, task: made.server.task('SF1') }));
    expect((await engine.status()).allConfirmed).toBe(false);
    await engine.sync();
    expect((await engine.status()).allConfirmed).toBe(true);
    await engine.submit([noted(task, 'x')]);
    expect((await engine.status()).allConfirmed).toBe(false);
  });

  it('P32 storage that went back in time begins a new incarnation and loses nothing', async () => {
    const { engine, server, again, task, platform } = await loaded();
    await engine.submit([noted(task, 'kept')]);
    await engine.sync();
    const key = [...server.ledger.keys()][0] as string;
    // The server remembers an operation this storage has forgotten.
    const entries = server.ledger.get(key) as { op: unknown; result: unknown }[];
    const lost = structuredClone(entries[0]) as {
      op: { op_id: string; seq: number };
      result: { op_id: string; seq: number };
    };
    const other = '99999999-9999-4999-8999-999999999999';
    entries.push({ op: { ...lost.op, op_id: other, seq: 2 }, result: { ...lost.result, op_id: other, seq: 2 } });
    await engine.submit([noted(task, 'after')]);
    await engine.sync();
    const reopened = await again();
    await reopened.sync();
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(['kept', 'after']);
    expect(server.ledger.size).toBe(2);
    expect(await reopened.status()).toMatchObject({ recorded: 1, confirmed: 1, allConfirmed: true });
    expect(platform.storage.name).toBe('test');
  });
});

describe('what a refusal may do', () => {
  it('P11 401 keeps everything and heals', async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task, { signature: 'blob:0' })], [{ bytes: PNG, type: 'image/png' }]);
    server.revoked = true;
    expect(await engine.sync()).toMatchObject({ ok: false, phase: 'revoked', code: 'device_revoked' });
    expect(await engine.status()).toMatchObject({ phase: 'revoked', waiting: 1, proofsWaiting: 1 });
    expect(await engine.outbox()).toHaveLength(1);
    expect(await engine.today()).toHaveLength(1);
    server.revoked = false;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1, blobs: 1 });
    expect(await engine.status()).toMatchObject({ phase: 'idle', waiting: 0, proofsWaiting: 0 });
  });

  it.each([
    [500, 'error', 'internal'],
    [422, 'error', 'invalid'],
    [403, 'error', 'forbidden'],
    [429, 'error', 'rate_limited'],
  ])('%i deletes nothing', async (statusCode, phase, code) => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'x')]);
    server.intercept = () => problem(statusCode, code);
    expect(await engine.sync()).toMatchObject({ ok: false, phase, code });
    expect((await engine.status()).waiting).toBe(1);
    server.intercept = () => null;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
  });

  it("takes nobody else's answer for an acknowledgement", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, 'x')]);
    for (const answer of [json(200, '<html>log in</html>'), json(200, { protocol: 2 }), json(302, {})]) {
      server.intercept = () => answer;
      expect(await engine.sync()).toMatchObject({ ok: false, phase: 'offline' });
    }
    expect((await engine.status()).waiting).toBe(1);
  });

  it('P12 keeps the time of the next try over a restart, and obeys Retry-After', async () => {
    const { engine, server, again, task } = await loaded();
    await engine.submit([noted(task, 'x')]);
    server.intercept = () => problem(503, 'unavailable', { 'retry-after': '120' });
    await engine.sync();
    const reopened = await again();
    const wait = ((await reopened.status()).nextTry as number) - NOW;
    // Never before the moment the server named, and spread after it: it names the same to many (F15).
    expect(wait).toBeGreaterThanOrEqual(120_000);
    expect(wait).toBeLessThanOrEqual(150_000);
  });
});

describe('proofs', () => {
  it('P33 go after the operations, signatures before photos', async () => {
    const { engine, server, platform, task } = await loaded();
    const photo = Uint8Array.from([...PNG, 9]);
    const big = Uint8Array.from({ length: 900 }, (_, i) => PNG[i] ?? i & 255);
    const shas = await Promise.all([photo, big, PNG].map((bytes) => platform.hash(bytes)));
    await engine.submit(
      [delivered(task, { photos: ['blob:0', 'blob:1'], signature: 'blob:2' })],
      [photo, big, PNG].map((bytes) => ({ bytes, type: 'image/png' })),
    );
    server.requests.length = 0;
    await engine.sync();
    const paths = server.requests.map((request) => request.path);
    expect(paths[0]).toBe('/api/v1/exchange');
    expect(paths.filter((path) => path.includes('blobs')).map((path) => path.slice(-64))).toEqual([
      shas[2],
      shas[0],
      shas[1],
    ]);
    expect(server.blobs.size).toBe(3);
    expect((await engine.status()).proofsWaiting).toBe(0);
  });

  it('I10 are kept when an upload fails, and a refused one does not hold up the others', async () => {
    const { engine, server, platform, task } = await loaded();
    const other = Uint8Array.from([...PNG, 1]);
    const sha = await platform.hash(PNG);
    await engine.submit(
      [delivered(task, { photos: ['blob:0', 'blob:1'] })],
      [PNG, other].map((bytes) => ({ bytes, type: 'image/png' })),
    );
    server.intercept = (request) => (request.method === 'PUT' ? problem(503, 'unavailable') : null);
    expect(await engine.sync()).toMatchObject({ ok: false });
    expect(await engine.status()).toMatchObject({ waiting: 0, proofsWaiting: 2 });
    server.intercept = (request) => (request.path.endsWith(sha) ? problem(415, 'unsupported_media_type') : null);
    expect(await engine.sync()).toMatchObject({ ok: true, blobs: 1 });
    expect((await engine.status()).proofsWaiting).toBe(0);
  });
});
