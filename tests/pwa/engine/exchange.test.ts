import { describe, expect, it } from "vitest";

import { delivered, DEVICE, json, noted, NOW, PNG, problem, rig, scanned, STATION } from "../fakes";

async function loaded(waybill = "SF100") {
  const made = await rig();
  const task = made.server.task(waybill);
  await made.engine.sync();
  return { ...made, task };
}

const exchanges = (requests: { path: string; body: Record<string, unknown> | null }[]) =>
  requests.filter((request) => request.path === "/api/v1/exchange").map((request) => request.body as never as Body);

interface Body {
  push: { from_seq: number; operations: Record<string, unknown>[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
}

/** The text of the request that has just come in. */
function lastText(server: { requests: { body: unknown }[] }): string {
  return JSON.stringify(server.requests.at(-1)?.body);
}

describe("pushing", () => {
  it("sends what was saved, once, and keeps it in the journal", async () => {
    const { engine, server, task } = await loaded();
    const [envelope] = await engine.submit([delivered(task)]);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 0 });
    expect(server.operations).toEqual([envelope]);
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it("P14 sends a long backlog in slices of at most 100", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 250 }, (_, i) => noted(task, `n${i}`)));
    server.requests.length = 0;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 250 });
    const sent = exchanges(server.requests).map((body) => body.push?.operations.length ?? 0);
    expect(sent).toEqual([100, 100, 50]);
    expect(server.taskRecord(task).notes).toHaveLength(250);
  });

  it("P16 an answer lost after the commit changes nothing: the same operations are answered again", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "once")]);
    server.beforeAnswer = () => {
      throw new Error("connection reset");
    };
    expect(await engine.sync()).toMatchObject({ ok: false, phase: "offline", code: "offline" });
    expect((await engine.status()).waiting).toBe(1);
    server.beforeAnswer = () => undefined;
    await engine.submit([noted(task, "twice")]);
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(["once", "twice"]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it("P15 goes back to what the server expects after a gap answer", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "a"), noted(task, "b")]);
    await engine.sync();
    // The server lost the last operation (a restored backup without a new epoch).
    const [entries] = [...server.ledger.values()] as [unknown[]];
    entries.length = 1;
    await engine.submit([noted(task, "c")]);
    await engine.sync();
    expect(server.operations.map((op) => op.payload["text"])).toEqual(["a", "b", "c"]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it("P18 halves an unreadable batch until the culprit stands alone, parks it and lets the rest through", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 12 }, (_, i) => noted(task, i === 5 ? "poison" : `n${i}`)));
    server.intercept = (request) =>
      request.path === "/api/v1/exchange" && lastText(server).includes("poison") ? problem(400, "unreadable") : null;
    server.requests.length = 0;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 12 });
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(
      Array.from({ length: 12 }, (_, i) => `n${i}`).filter((text) => text !== "n5"),
    );
    expect(await engine.outbox()).toMatchObject([{ seq: 6, state: "needs_you", code: "unreadable", seen: false }]);
    expect(server.operations[5]).toMatchObject({ device: DEVICE, seq: 6, parked: { code: "unreadable" } });
    expect((await engine.status()).needsYou).toBe(1);
  });

  it("P18 does the same when the server says the body is too large", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit(Array.from({ length: 8 }, (_, i) => noted(task, `n${i}`)));
    server.intercept = () => ((server.requests.at(-1)?.bytes ?? 0) > 2_500 ? problem(413, "too_large") : null);
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 8 });
    expect(await engine.outbox()).toEqual([]);
  });

  it("a quarantined operation stays visible until a person has seen it", async () => {
    const { engine, server, task } = await loaded();
    const [envelope] = await engine.submit([delivered(task)]);
    const [scan] = await engine.submit([scanned("SF100")]);
    server.opIds.set(envelope?.op_id ?? "", "other");
    await engine.sync();
    expect(await engine.outbox()).toMatchObject([{ op_id: envelope?.op_id, state: "needs_you", code: "id_reuse" }]);
    await engine.sync();
    expect((await engine.task(task))?.state).toBe("needs_you");
    expect((await engine.task(task))?.task.status).toBe("assigned");
    await engine.markSeen(envelope?.op_id ?? "");
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.status()).needsYou).toBe(0);
    expect(server.operations.map((op) => op.op_id)).toEqual([envelope?.op_id, scan?.op_id]);
  });

  it("P32 says all is confirmed only when the server has said so for this database", async () => {
    const { engine, task } = await rig().then(async (made) => ({ ...made, task: made.server.task("SF1") }));
    expect((await engine.status()).allConfirmed).toBe(false);
    await engine.sync();
    expect((await engine.status()).allConfirmed).toBe(true);
    await engine.submit([noted(task, "x")]);
    expect((await engine.status()).allConfirmed).toBe(false);
  });

  it("P32 storage that went back in time begins a new incarnation and loses nothing", async () => {
    const { engine, server, again, task, platform } = await loaded();
    await engine.submit([noted(task, "kept")]);
    await engine.sync();
    const key = [...server.ledger.keys()][0] as string;
    // The server remembers an operation this storage has forgotten.
    const entries = server.ledger.get(key) as { op: unknown; result: unknown }[];
    const lost = structuredClone(entries[0]) as { op: { op_id: string; seq: number }; result: { op_id: string; seq: number } };
    const other = "99999999-9999-4999-8999-999999999999";
    entries.push({ op: { ...lost.op, op_id: other, seq: 2 }, result: { ...lost.result, op_id: other, seq: 2 } });
    await engine.submit([noted(task, "after")]);
    await engine.sync();
    const reopened = await again();
    await reopened.sync();
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(["kept", "after"]);
    expect(server.ledger.size).toBe(2);
    expect(await reopened.status()).toMatchObject({ recorded: 1, confirmed: 1, allConfirmed: true });
    expect(platform.storage.name).toBe("test");
  });
});

describe("what a refusal may do", () => {
  it("P11 401 keeps everything and heals", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task, { signature: "blob:0" })], [{ bytes: PNG, type: "image/png" }]);
    server.revoked = true;
    expect(await engine.sync()).toMatchObject({ ok: false, phase: "revoked", code: "device_revoked" });
    expect(await engine.status()).toMatchObject({ phase: "revoked", waiting: 1, proofsWaiting: 1 });
    expect(await engine.outbox()).toHaveLength(1);
    expect(await engine.today()).toHaveLength(1);
    server.revoked = false;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1, blobs: 1 });
    expect(await engine.status()).toMatchObject({ phase: "idle", waiting: 0, proofsWaiting: 0 });
  });

  it.each([
    [500, "error", "internal"],
    [422, "error", "invalid"],
    [403, "error", "forbidden"],
    [429, "error", "rate_limited"],
  ])("%i deletes nothing", async (statusCode, phase, code) => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "x")]);
    server.intercept = () => problem(statusCode, code);
    expect(await engine.sync()).toMatchObject({ ok: false, phase, code });
    expect((await engine.status()).waiting).toBe(1);
    server.intercept = () => null;
    expect(await engine.sync()).toMatchObject({ ok: true, pushed: 1 });
  });

  it("takes nobody else's answer for an acknowledgement", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "x")]);
    for (const answer of [json(200, "<html>log in</html>"), json(200, { protocol: 2 }), json(302, {})]) {
      server.intercept = () => answer;
      expect(await engine.sync()).toMatchObject({ ok: false, phase: "offline" });
    }
    expect((await engine.status()).waiting).toBe(1);
  });

  it("P12 keeps the time of the next try over a restart, and obeys Retry-After", async () => {
    const { engine, server, again, task } = await loaded();
    await engine.submit([noted(task, "x")]);
    server.intercept = () => problem(503, "unavailable", { "retry-after": "120" });
    await engine.sync();
    const reopened = await again();
    expect((await reopened.status()).nextTry).toBe(NOW + 120_000);
  });
});

describe("pulling", () => {
  it("lists tasks by sequence and window", async () => {
    const { engine, server } = await rig();
    const [late, first, second] = ["A1", "A2", "A3"].map((waybill, i) => server.task(waybill, i ? { sequence: i } : {}));
    await engine.sync();
    expect((await engine.today()).map((view) => view.task.id)).toEqual([first, second, late]);
  });

  it("P26 pages from a pinned ceiling become visible together with the cursor", async () => {
    const { engine, server } = await rig();
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.pageLimit = 10;
    server.requests.length = 0;
    const seen: number[] = [];
    server.beforeAnswer = () => {
      // A change that comes in while pages are fetched lies beyond the ceiling.
      if (exchanges(server.requests).length === 2) server.task("LATE");
    };
    server.intercept = () => {
      void engine.today().then((views) => seen.push(views.length));
      return null;
    };
    await engine.sync();
    const bodies = exchanges(server.requests);
    expect(bodies).toHaveLength(3);
    expect(bodies[0]?.ceilings).toEqual({});
    expect(new Set(bodies.slice(1).map((body) => Object.values(body.ceilings)[0])).size).toBe(1);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(await engine.today()).toHaveLength(25);
    await engine.sync();
    expect(await engine.today()).toHaveLength(26);
  });

  it("P26 a pull cut off between pages shows nothing of it and starts again", async () => {
    const { engine, server } = await rig();
    for (let i = 0; i < 25; i += 1) server.task(`P${i}`);
    server.pageLimit = 10;
    server.beforeAnswer = () => {
      if (exchanges(server.requests).length === 2) throw new Error("gone");
    };
    expect(await engine.sync()).toMatchObject({ ok: false });
    expect(await engine.today()).toHaveLength(0);
    server.beforeAnswer = () => undefined;
    expect(await engine.sync()).toMatchObject({ ok: true });
    expect(await engine.today()).toHaveLength(25);
  });

  it("P27 an overlay drops only when the pulled version covers it", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([delivered(task)]);
    const real = server.handle.bind(server);
    // A server whose answer holds the result but, for once, no rows.
    server.handle = async (request) => {
      const answer = await real(request);
      if (request.path !== "/api/v1/exchange") return answer;
      const body = JSON.parse(Buffer.from(answer.body).toString()) as { pull: { scopes: unknown[] } };
      body.pull.scopes = [];
      return json(200, body);
    };
    await engine.sync();
    expect((await engine.outbox()).map((item) => item.state)).toEqual(["confirmed"]);
    expect((await engine.task(task))?.task.status).toBe("delivered");
    server.handle = real;
    await engine.sync();
    expect(await engine.outbox()).toEqual([]);
    expect((await engine.task(task))?.task.status).toBe("delivered");
  });

  it("P28 a removal hides the task and keeps what waits", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "a"), delivered(task, { signature: "blob:0" })], [{ bytes: PNG, type: "image/png" }]);
    server.reassign(task, DEVICE);
    // The push is refused for now, the pull is not: the removal arrives first.
    const real = server.handle.bind(server);
    server.handle = async (request) => {
      const body = Buffer.from(request.body ?? []);
      const plain = { ...request, headers: { ...request.headers, "content-encoding": "" } };
      if (request.path !== "/api/v1/exchange" || body.length === 0) return real(request);
      const text = request.headers["content-encoding"] === "gzip" ? (await import("node:zlib")).gunzipSync(body) : body;
      const frame = { ...(JSON.parse(text.toString()) as object), push: null };
      return real({ ...plain, body: new Uint8Array(Buffer.from(JSON.stringify(frame))) });
    };
    await engine.sync();
    expect(await engine.today()).toEqual([]);
    expect((await engine.status()).hidden).toEqual([{ id: task, waybill: "SF100", reason: "reassigned", waiting: 3 }]);
    expect((await engine.task(task))?.customer).toMatchObject({ name: "", phone: "" });
    server.handle = real;
    await engine.sync();
    expect((await engine.status()).hidden).toEqual([]);
    expect(server.operations.map((op) => op.type)).toEqual(["task.noted", "task.delivered"]);
    expect(server.taskRecord(task).status).toBe("delivered");
    expect(await engine.outbox()).toMatchObject([{ type: "task.delivered", state: "needs_you", status: "conflict" }]);
  });

  it("P29 P31 a new epoch rebuilds the mirror and offers the journal again", async () => {
    const { engine, server, task } = await loaded();
    await engine.submit([noted(task, "a")]);
    await engine.sync();
    server.epoch = "e2";
    server.ledger.clear();
    server.opIds.clear();
    server.board[`task:${task}`] = { ...server.taskRecord(task), notes: [] };
    await engine.sync();
    expect(server.taskRecord(task).notes.map((note) => note.text)).toEqual(["a"]);
    expect((await engine.today()).map((view) => view.task.notes.length)).toEqual([1]);
    expect((await engine.status()).allConfirmed).toBe(true);
  });

  it("P18 a deferred operation stays laid over until a notice settles it", async () => {
    const { engine, server } = await rig();
    await engine.sync();
    const { derive } = await import("../../../sync/ts/canonical");
    const task = derive("task", "pickup", "SF900");
    const payload = { pieces: 2, weight_g: null, photos: [], waybill: "SF900" };
    const [envelope] = await engine.submit([{ type: "task.picked_up", entity: `task:${task}`, payload }]);
    await engine.sync();
    expect(await engine.outbox()).toMatchObject([{ state: "confirmed", status: "deferred", code: "awaiting_entity" }]);
    expect((await engine.today())[0]).toMatchObject({ unlisted: true, task: { status: "picked_up" }, parcel: { waybill: "SF900" } });
    const id = "55555555-5555-4555-8555-555555555555";
    const common = { conflict: null, task, waybill: "SF900", outcome: null, reason: null, case_kind: null, by_name: null };
    server.notice({ ...common, id, kind: "settled", op_id: envelope?.op_id ?? "", status: "applied", at: NOW });
    await engine.sync();
    expect(await engine.outbox()).toEqual([]);
  });

  it("P22 shows notices until they were seen", async () => {
    const { engine, server } = await rig();
    const id = "55555555-5555-4555-8555-555555555555";
    const op = "66666666-6666-4666-8666-666666666666";
    const common = { conflict: id, task: null, waybill: "SF1", reason: "call", case_kind: "cancelled", by_name: "Chen" };
    server.notice({ ...common, id, kind: "decided", op_id: op, outcome: "mine", status: null, at: NOW });
    await engine.sync();
    expect((await engine.status()).needsYou).toBe(1);
    expect(await engine.notices()).toMatchObject([{ id, kind: "decided", outcome: "mine", seen: false }]);
    await engine.markSeen(id);
    expect((await engine.status()).needsYou).toBe(0);
  });
});

describe("proofs", () => {
  it("P33 go after the operations, signatures before photos", async () => {
    const { engine, server, platform, task } = await loaded();
    const photo = Uint8Array.from([...PNG, 9]);
    const big = Uint8Array.from({ length: 900 }, (_, i) => PNG[i] ?? i & 255);
    const shas = await Promise.all([photo, big, PNG].map((bytes) => platform.hash(bytes)));
    await engine.submit(
      [delivered(task, { photos: ["blob:0", "blob:1"], signature: "blob:2" })],
      [photo, big, PNG].map((bytes) => ({ bytes, type: "image/png" })),
    );
    server.requests.length = 0;
    await engine.sync();
    const paths = server.requests.map((request) => request.path);
    expect(paths[0]).toBe("/api/v1/exchange");
    expect(paths.filter((path) => path.includes("blobs")).map((path) => path.slice(-64))).toEqual([shas[2], shas[0], shas[1]]);
    expect(server.blobs.size).toBe(3);
    expect((await engine.status()).proofsWaiting).toBe(0);
  });

  it("I10 are kept when an upload fails, and a refused one does not hold up the others", async () => {
    const { engine, server, platform, task } = await loaded();
    const other = Uint8Array.from([...PNG, 1]);
    const sha = await platform.hash(PNG);
    await engine.submit([delivered(task, { photos: ["blob:0", "blob:1"] })], [PNG, other].map((bytes) => ({ bytes, type: "image/png" })));
    server.intercept = (request) => (request.method === "PUT" ? problem(503, "unavailable") : null);
    expect(await engine.sync()).toMatchObject({ ok: false });
    expect(await engine.status()).toMatchObject({ waiting: 0, proofsWaiting: 2 });
    server.intercept = (request) => (request.path.endsWith(sha) ? problem(415, "unsupported_media_type") : null);
    expect(await engine.sync()).toMatchObject({ ok: true, blobs: 1 });
    expect((await engine.status()).proofsWaiting).toBe(0);
  });
});

describe("the manifest", () => {
  it("P24 answers for what is not on the own list, and nothing when it is too old", async () => {
    const made = await rig();
    const { createHash } = await import("node:crypto");
    const hash = (code: string) => createHash("sha256").update(code).digest("hex").slice(0, 16);
    made.server.manifest = { station: STATION.id, published_at: NOW, entries: [[hash("SF7"), "B2", 0], [hash("SF8"), "B2", 1]] };
    const task = made.server.task("SF1");
    await made.engine.sync();
    expect(await made.engine.verdict(" sf-7 ")).toMatchObject({ verdict: "other_route", route: "B2", waybill: "SF7", manifest_age_ms: 0 });
    expect(await made.engine.verdict("SF8")).toMatchObject({ verdict: "recalled" });
    expect(await made.engine.verdict("SF9")).toMatchObject({ verdict: "unknown" });
    expect(await made.engine.verdict("SF1")).toMatchObject({ verdict: "mine", task: { task: { id: task } } });
    await made.engine.submit([scanned("SF1")]);
    expect(await made.engine.verdict("SF1")).toMatchObject({ verdict: "duplicate" });
    await made.engine.submit([delivered(task)]);
    expect(await made.engine.verdict("SF1")).toMatchObject({ verdict: "signed" });
    made.platform.setNow(NOW + 13 * 3_600_000);
    const later = Object.assign(made.platform, { now: () => NOW + 13 * 3_600_000 });
    expect(later.now() - NOW).toBe(13 * 3_600_000);
    expect(await made.engine.verdict("SF7")).toMatchObject({ verdict: "unknown" });
  });
});
