/**
 * A server that keeps the contract, in memory and in process: it decides with the real rules of sync/ts, keeps a ledger by
 * device, incarnation and seq, and one upserted row per scope and entity. Tests break its network, never its rules.
 */
import 'fake-indexeddb/auto';

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import { IDBFactory } from 'fake-indexeddb';

import { createEngine, type Draft, type Engine, type Platform } from '../../pwa/engine';
import { virtualPlatform, type VirtualPlatform } from '../../pwa/node/platform';
import { bodyHash, canonical, derive } from '../../sync/ts/canonical';
import { decide, type Board } from '../../sync/ts/merge';
import { parse, planPush, positionCode, UnreadableError, type WireResult, type WireRow } from '../../sync/ts/protocol';
import type { CustomerRecord, Envelope, JsonObject, ObligationRecord, TaskRecord } from '../../sync/ts/records';
import { belongs } from '../../sync/ts/requests';
import { OPERATIONS } from '../../sync/ts/tables';
import { validate } from '../../sync/ts/validate';
import type { HttpAnswer, HttpRequest } from '../../pwa/platform';

export const NOW = 1_763_700_000_000;
export const STATION = {
  id: '11111111-1111-4111-8111-111111111111',
  code: 'SHA1',
  name: 'Shanghai 1',
  timezone: 'Asia/Shanghai',
};
export const COURIER = { id: '22222222-2222-4222-8222-222222222222', name: 'Li Wei', lang: 'zh' as const };
export const DISPATCHER = '33333333-3333-4333-8333-333333333333';
export const DEVICE = '44444444-4444-4444-8444-444444444444';
export const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);

interface Entry {
  op: Envelope;
  result: WireResult;
}

interface Scope {
  ver: number;
  rows: Map<string, WireRow>;
}

export class FakeServer {
  now = NOW;
  epoch = 'e1';
  board: Board = {};
  /** device/incarnation -> entries by seq - 1 */
  ledger = new Map<string, Entry[]>();
  opIds = new Map<string, string>();
  scopes = new Map<string, Scope>();
  blobs = new Map<string, Uint8Array>();
  manifest: unknown = null;
  codes = new Map([['CODE', { user: COURIER, device: DEVICE }]]);
  revoked = false;
  /** Answers instead of the server, after the request arrived but before anything is done. */
  intercept: (request: HttpRequest) => HttpAnswer | null = () => null;
  /** Called once the server has done its work; may throw, so that the answer is lost after the commit. */
  beforeAnswer: (request: HttpRequest) => void = () => undefined;
  /** Rows a page holds at most, whatever is asked for. */
  pageLimit = 1_000;
  requests: { method: string; path: string; body: Record<string, unknown> | null; bytes: number }[] = [];
  private counter = 0;

  // --- the desk ----------------------------------------------------------------------------------------------------

  /** Imports an order and gives it to a courier; answers the task's id. */
  task(
    waybill: string,
    given: { kind?: 'delivery' | 'pickup'; cod?: number; courier?: string; sequence?: number } = {},
  ): string {
    const kind = given.kind ?? 'delivery';
    const id = derive('task', kind, waybill);
    this.desk('order.imported', `task:${id}`, order(kind, waybill, given.cod ?? 0));
    const payload = { courier: given.courier ?? COURIER.id, sequence: given.sequence ?? null };
    this.desk('task.assigned', `task:${id}`, payload, { courier: null });
    return id;
  }

  desk(type: string, entity: string, payload: JsonObject, base: JsonObject = {}): void {
    const op = deskOperation(`d-${(this.counter += 1)}`, type, entity, payload, base, this.now);
    const { changes } = decide(this.board, op, null, STATION.id);
    this.write(changes);
  }

  reassign(task: string, to: string): void {
    const payload = { courier: to, sequence: null, reason: 'sick' };
    this.desk('task.reassigned', `task:${task}`, payload, { courier: COURIER.id });
  }

  notice(body: JsonObject & { id: string }): void {
    this.put(`notices:${COURIER.id}`, { entity: `notice:${body.id}`, rev: 1, present: true, reason: null, body });
  }

  /** Every operation in every ledger. */
  get operations(): Envelope[] {
    return [...this.ledger.values()].flat().map((entry) => entry.op);
  }

  taskRecord(id: string): TaskRecord {
    return this.board[`task:${id}`] as TaskRecord;
  }

  // --- HTTP --------------------------------------------------------------------------------------------------------

  async handle(request: HttpRequest): Promise<HttpAnswer> {
    const bytes = request.body ?? new Uint8Array();
    const plain = request.headers['content-encoding'] === 'gzip' ? new Uint8Array(gunzipSync(bytes)) : bytes;
    const isJson = request.headers['content-type'] === 'application/json';
    const body = isJson ? (JSON.parse(Buffer.from(plain).toString()) as Record<string, unknown>) : null;
    this.requests.push({ method: request.method, path: request.path, body, bytes: plain.length });
    const stopped = this.intercept(request);
    if (stopped) return stopped;
    const answer = this.route(request, Buffer.from(plain).toString(), plain);
    this.beforeAnswer(request);
    return answer;
  }

  private route(request: HttpRequest, text: string, bytes: Uint8Array): HttpAnswer {
    if (request.path === '/api/v1/devices/enrol') return this.enrol(JSON.parse(text) as { code: string });
    if (request.headers['authorization'] !== 'Bearer secret') return problem(401, 'device_unknown');
    if (this.revoked) return problem(401, 'device_revoked');
    if (request.path === '/api/v1/exchange') return this.exchange(text);
    if (request.path === '/api/v1/manifest')
      return this.manifest ? json(200, this.manifest) : problem(404, 'not_found');
    const sha = /^\/api\/v1\/blobs\/([0-9a-f]{64})$/.exec(request.path)?.[1];
    if (!sha) return problem(404, 'not_found');
    if (createHash('sha256').update(bytes).digest('hex') !== sha) return problem(422, 'hash_mismatch');
    const known = this.blobs.has(sha);
    this.blobs.set(sha, bytes);
    return json(known ? 200 : 201, {});
  }

  private enrol({ code }: { code: string }): HttpAnswer {
    const found = this.codes.get(code);
    if (!found) return problem(400, 'enrolment_invalid');
    this.codes.delete(code);
    return json(201, { device: found.device, credential: 'secret', user: found.user, station: STATION });
  }

  private exchange(text: string): HttpAnswer {
    let asked: Record<string, never>;
    try {
      asked = parse(text) as Record<string, never>;
    } catch (error) {
      if (error instanceof UnreadableError) return problem(400, 'unreadable');
      throw error;
    }
    const { incarnation, push, cursors, ceilings, limit } = asked as unknown as Asked;
    const key = `${DEVICE}/${incarnation}`;
    const entries = this.ledger.get(key) ?? [];
    this.ledger.set(key, entries);
    const plan = planPush(entries.length, push?.from_seq ?? entries.length + 1, push?.operations.length ?? 0);
    const results =
      plan.action === 'gap'
        ? []
        : (push?.operations ?? []).map((op, i) => this.take(entries, incarnation, (push?.from_seq ?? 1) + i, op));
    const named = (push?.operations ?? []).flatMap((op) => op.blobs ?? []);
    return json(200, {
      protocol: 1,
      server_time: this.now,
      epoch: this.epoch,
      user: { ...COURIER, role: 'courier', station: STATION.id },
      head_seq: entries.length,
      expected_seq: entries.length + 1,
      results,
      missing_blobs: named.filter((sha) => !this.blobs.has(sha)),
      pull: { state: 'ok', scopes: this.pull(cursors, ceilings, Math.min(limit, this.pageLimit)) },
    });
  }

  private take(entries: Entry[], incarnation: string, seq: number, op: Envelope): WireResult {
    const known = entries[seq - 1];
    if (known) return known.result;
    const misplaced = positionCode(op, DEVICE, incarnation, seq);
    const reused = this.opIds.has(op.op_id) ? 'id_reuse' : null;
    const invalid = validate(op, 'courier')[0]?.code ?? null;
    const refused = misplaced ?? reused ?? invalid;
    const decision = refused ? null : decide(this.board, op, null, STATION.id);
    if (decision) this.write(decision.changes);
    const scope = `courier:${COURIER.id}`;
    const result: WireResult = {
      seq,
      op_id: op.op_id ?? null,
      status: decision?.status ?? 'quarantined',
      code: refused ?? decision?.code ?? null,
      detail: null,
      applied_at: { scope, ver: this.scope(scope).ver },
      conflict: decision?.cases[0]?.id ?? null,
    };
    entries.push({ op, result });
    this.opIds.set(op.op_id, canonicalHash(op));
    return result;
  }

  private pull(cursors: Record<string, number>, ceilings: Record<string, number>, limit: number): unknown[] {
    return [`courier:${COURIER.id}`, `notices:${COURIER.id}`, `reference:${STATION.id}`].map((name) => {
      const scope = this.scope(name);
      const from = cursors[name] ?? 0;
      const ceiling = Math.min(ceilings[name] ?? scope.ver, scope.ver);
      const due = [...scope.rows.values()]
        .filter((row) => row.ver > from && row.ver <= ceiling)
        .sort((a, b) => a.ver - b.ver);
      const rows = due.slice(0, limit);
      const final = rows.length === due.length;
      return { scope: name, from, to: final ? ceiling : (rows.at(-1)?.ver ?? from), ceiling, final, rows };
    });
  }

  // --- records and scopes ------------------------------------------------------------------------------------------

  private write(changes: Board): void {
    Object.assign(this.board, changes);
    const touched = new Set(Object.keys(changes).flatMap((entity) => this.tasksOf(entity)));
    touched.forEach((id) => this.project(id));
  }

  private tasksOf(entity: string): string[] {
    const [kind, id] = entity.split(':') as [string, string];
    if (kind === 'task' || kind === 'obligation') return [id];
    const tasks = Object.entries(this.board).filter(([name]) => name.startsWith('task:'));
    return tasks.filter(([, record]) => Object.values(record).includes(id)).map(([name]) => name.slice(5));
  }

  private project(id: string): void {
    const task = this.taskRecord(id);
    for (const [name, scope] of this.scopes) {
      const held = scope.rows.get(`task:${id}`);
      if (name.startsWith('courier:') && held?.present && name !== `courier:${task.courier}`) {
        this.put(name, { entity: `task:${id}`, rev: held.rev, present: false, reason: 'reassigned', body: null });
      }
    }
    if (task.courier === null) return;
    const customer = this.board[`customer:${task.customer}`] as CustomerRecord;
    const { name, phone, language, consents } = customer;
    const requests = customer.requests.filter((request) => request.active && belongs(request, task));
    const body = {
      task,
      parcel: this.board[`parcel:${task.parcel}`],
      customer: { id: task.customer, name, phone, language, requests, consents },
      obligation: (this.board[`obligation:${id}`] as ObligationRecord | undefined) ?? null,
      conflict: null,
    };
    const before = this.scope(`courier:${task.courier}`).rows.get(`task:${id}`);
    this.put(`courier:${task.courier}`, {
      entity: `task:${id}`,
      rev: (before?.rev ?? 0) + 1,
      present: true,
      reason: null,
      body,
    });
  }

  put(name: string, row: Omit<WireRow, 'ver'>): void {
    const scope = this.scope(name);
    scope.ver += 1;
    // A JSON round trip, so that nothing of the handheld's copy is shared with the server's.
    scope.rows.set(row.entity, JSON.parse(JSON.stringify({ ...row, ver: scope.ver })) as WireRow);
  }

  private scope(name: string): Scope {
    const scope = this.scopes.get(name) ?? { ver: 0, rows: new Map() };
    this.scopes.set(name, scope);
    return scope;
  }
}

interface Asked {
  incarnation: string;
  push: { from_seq: number; operations: Envelope[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
  limit: number;
}

function canonicalHash(op: Envelope): string {
  try {
    canonical(op);
    return bodyHash(op);
  } catch {
    return 'unclean';
  }
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, body: new Uint8Array(Buffer.from(JSON.stringify(value))) };
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): HttpAnswer {
  return json(status, { type: 'about:blank', title: code, status, detail: code, code }, headers);
}

function order(kind: string, waybill: string, cod: number): JsonObject {
  return {
    kind,
    merchant: 'shop',
    reference: waybill,
    waybill,
    pieces: 1,
    weight_g: 500,
    goods: null,
    customer: { id: derive('customer', STATION.id, waybill), name: '王芳', phone: '13800001111' },
    address: {
      text: '人民路1号',
      community: null,
      building: null,
      unit: null,
      room: '301',
      lng_e7: null,
      lat_e7: null,
    },
    window_start: NOW,
    window_end: NOW + 7_200_000,
    cod_minor: cod,
    currency: 'CNY',
    requests: [],
    courier: null,
    sequence: null,
    import: null,
  };
}

function deskOperation(
  id: string,
  type: string,
  entity: string,
  payload: JsonObject,
  base: JsonObject,
  at: number,
): Envelope {
  const op_id = derive('test', id);
  const none = { device: null, incarnation: null, seq: null, prev: null, mono: null, boot: null, base_rev: null };
  return {
    ...none,
    op_id,
    type,
    v: OPERATIONS[type]?.v ?? 1,
    author: DISPATCHER,
    app: 'test',
    entity,
    base,
    payload,
    blobs: [],
    at,
  };
}

// --- handhelds -----------------------------------------------------------------------------------------------------

export interface Rig {
  server: FakeServer;
  platform: VirtualPlatform;
  engine: Engine;
  /** Another engine on the same storage: a second tab, or the app after it was killed. */
  again(): Promise<Engine>;
}

/** An engine on fresh storage before a fake server; `change` may replace parts of its platform. */
export async function rig(
  change: (platform: VirtualPlatform) => Partial<Platform> = () => ({}),
  enrolled = true,
): Promise<Rig> {
  const server = new FakeServer();
  const base = virtualPlatform({ name: 'test', seed: '1', now: NOW, factory: new IDBFactory() });
  const platform = { ...base, fetch: (request: HttpRequest) => server.handle(request) };
  Object.assign(platform, change(platform));
  const options = { baseUrl: '', app: 'test' };
  const engine = await createEngine(platform, options);
  if (enrolled) await engine.enrol('CODE');
  return { server, platform, engine, again: () => createEngine(platform, options) };
}

export const delivered = (task: string, payload: JsonObject = {}): Draft => ({
  type: 'task.delivered',
  entity: `task:${task}`,
  payload: { recipient: 'self', recipient_name: null, signature: null, photos: [], consent: null, ...payload },
});

export const paid = (task: string, amount: number): Draft => ({
  type: 'payment.collected',
  entity: `obligation:${task}`,
  payload: { task, amount_minor: amount, currency: 'CNY', method: 'cash' },
});

export const noted = (task: string, text: string): Draft => ({
  type: 'task.noted',
  entity: `task:${task}`,
  payload: { text },
});

export const scanned = (waybill: string): Draft => ({
  type: 'parcel.scanned',
  entity: `parcel:${derive('parcel', waybill)}`,
  payload: { code: waybill, waybill, source: 'wedge', verdict: 'mine', task: derive('task', 'delivery', waybill) },
});
