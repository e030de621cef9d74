/**
 * A server that keeps the contract, in memory and in process: it decides with the real rules of sync/ts, keeps a ledger by
 * device, incarnation and seq, and one upserted row per scope and entity. Tests break its network, never its rules.
 */
import 'fake-indexeddb/auto';

import { gunzipSync } from 'node:zlib';

import { IDBFactory } from 'fake-indexeddb';

import { createEngine, type Engine, type Platform } from '../../pwa/engine';
import { virtualPlatform, type VirtualPlatform } from '../../pwa/node/platform';
import { canonical, derive } from '../../sync/ts/canonical';
import { digest } from '../../sync/ts/digest';
import { decide, type Board } from '../../sync/ts/merge';
import {
  astray,
  parse,
  planPush,
  positionCode,
  UnreadableError,
  type WireResult,
  type WireRow,
} from '../../sync/ts/protocol';
import type { CustomerRecord, Envelope, JsonObject, ObligationRecord, TaskRecord } from '../../sync/ts/records';
import { belongs } from '../../sync/ts/requests';
import { upcast } from '../../sync/ts/upcast';
import { validate } from '../../sync/ts/validate';
import type { HttpAnswer, HttpRequest } from '../../pwa/platform';
import { json, problem, takeBlob } from './answers';

export { json, problem };
import { COURIER, DEVICE, deskOperation, NOW, order, STATION } from './said';

export * from './said';

export const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3);

interface Entry {
  op: Envelope;
  result: WireResult;
}

interface Scope {
  ver: number;
  /** Removals up to here are forgotten (P29). */
  floor: number;
  rows: Map<string, WireRow>;
}

type Copy = Pick<FakeServer, 'board' | 'ledger' | 'opIds' | 'scopes' | 'blobs'>;

export class FakeServer {
  now = NOW;
  epoch = 'e1';
  board: Board = {};
  /** device/incarnation -> entries by seq - 1 */
  ledger = new Map<string, Entry[]>();
  /** op_id -> what it says, wherever it stands, and the first answer to it */
  opIds = new Map<string, { content: string; result: WireResult }>();
  scopes = new Map<string, Scope>();
  blobs = new Map<string, Uint8Array>();
  /** What has arrived of blobs that are not whole. */
  parts = new Map<string, Uint8Array>();
  manifest: unknown = null;
  codes = new Map<string, { user: FakeServer['user']; device: string }>([['CODE', { user: COURIER, device: DEVICE }]]);
  /** The device is not known any more: every door is shut. */
  revoked = false;
  /** What the handheld is told; its credential hands in whatever this is (P34). */
  standing: 'ok' | 'login_required' | 'revoked' = 'ok';
  /** Who is logged in on it. */
  user: { id: string; name: string; lang: 'zh' | 'en' } = COURIER;
  wiped = 0;
  /** Says of a revoked handheld that something is still missing, whatever it has sent. */
  misses = false;
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
    if (request.path === '/api/v1/devices/enrol') return this.enrol(JSON.parse(text) as { code: string }, true);
    if (request.headers['authorization'] !== 'Bearer secret') return problem(401, 'device_unknown');
    if (this.revoked) return problem(401, 'device_revoked');
    if (request.path === '/api/v1/exchange') return this.exchange(text, request.headers['x-doorstep-session']);
    if (request.path === '/api/v1/devices/wiped') return this.hearWiped();
    if (request.path === '/api/v1/devices/login') return this.login(request.method, text);
    if (this.standing !== 'ok' && request.path === '/api/v1/manifest') return problem(401, 'login_required');
    if (request.path === '/api/v1/manifest')
      return this.manifest ? json(200, this.manifest) : problem(404, 'not_found');
    const sha = /^\/api\/v1\/blobs\/([0-9a-f]{64})$/.exec(request.path)?.[1];
    return sha ? takeBlob(this, sha, request, bytes) : problem(404, 'not_found');
  }

  private enrol({ code }: { code: string }, made: boolean): HttpAnswer {
    const found = this.codes.get(code);
    if (!found) return problem(400, 'enrolment_invalid');
    this.codes.delete(code);
    this.user = found.user;
    this.standing = 'ok';
    const login = { session: `login ${code}`, user: found.user, station: STATION };
    return made ? json(201, { ...login, device: found.device, credential: 'secret' }) : json(200, login);
  }

  private login(method: string, text: string): HttpAnswer {
    if (method === 'POST') return this.enrol(JSON.parse(text) as { code: string }, false);
    this.standing = 'login_required';
    return { status: 204, headers: {}, body: new Uint8Array() };
  }

  private hearWiped(): HttpAnswer {
    this.wiped += 1;
    return { status: 204, headers: {}, body: new Uint8Array() };
  }

  /** What a revoked handheld is told: to forget, once all it says it has is here. */
  private wipe(entries: Entry[], asked: Asked): { wipe?: boolean } {
    if (this.standing !== 'revoked') return {};
    const named = entries.flatMap(({ op }) => op.blobs).filter((sha) => !asked.lost_proofs?.includes(sha));
    return { wipe: !this.misses && asked.last_seq === entries.length && named.every((sha) => this.blobs.has(sha)) };
  }

  private exchange(text: string, login: string | undefined): HttpAnswer {
    let asked: Record<string, never>;
    try {
      asked = parse(text) as Record<string, never>;
    } catch (error) {
      if (error instanceof UnreadableError) return problem(400, 'unreadable');
      throw error;
    }
    const { incarnation, push, cursors, ceilings, limit, proofs = [] } = asked as unknown as Asked;
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
      missing_blobs: [...proofs, ...named].filter((sha) => !this.blobs.has(sha)),
      pull: this.told(
        login === 'none' ? 'login_required' : this.standing,
        this.wipe(entries, asked as unknown as Asked),
        () => this.pull(cursors, ceilings, Math.min(limit, this.pageLimit)),
      ),
    });
  }

  private told(state: string, wipe: { wipe?: boolean }, scopes: () => unknown[]): unknown {
    return { state, ...wipe, scopes: state === 'ok' ? scopes() : [] };
  }

  private take(entries: Entry[], incarnation: string, seq: number, op: Envelope): WireResult {
    const today = upcast(op as never) as unknown as Envelope;
    const known = entries[seq - 1];
    if (known?.op.op_id === op.op_id) return known.result;
    if (known) return { ...known.result, op_id: op.op_id, status: 'quarantined', code: 'seq_reuse', conflict: null };
    const misplaced = positionCode(op, DEVICE, incarnation, seq);
    const before = this.opIds.get(op.op_id);
    if (before?.content === contentOf(op)) {
      const again = { ...before.result, seq };
      entries.push({ op, result: again });
      return again;
    }
    const reused = before ? 'id_reuse' : null;
    const invalid = validate(today, 'courier')[0]?.code ?? null;
    const refused = misplaced ?? reused ?? invalid ?? (this.standing === 'revoked' ? 'device_revoked' : null);
    const decision = refused ? null : decide(this.board, today, null, STATION.id);
    if (decision) this.write(decision.changes);
    const scope = `courier:${op.author}`;
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
    if (!before) this.opIds.set(op.op_id, { content: contentOf(op), result });
    return result;
  }

  private pull(cursors: Record<string, number>, ceilings: Record<string, number>, limit: number): unknown[] {
    return [`courier:${this.user.id}`, `notices:${this.user.id}`, `reference:${STATION.id}`].map((name) => {
      const scope = this.scope(name);
      const asked = cursors[name] ?? 0;
      const reset = astray(asked, ceilings[name] !== undefined, scope.ver, scope.floor) !== null;
      const from = reset ? 0 : asked;
      const ceiling = Math.min(ceilings[name] ?? scope.ver, scope.ver);
      const due = [...scope.rows.values()]
        .filter((row) => row.ver > from && row.ver <= ceiling)
        .sort((a, b) => a.ver - b.ver);
      const rows = due.slice(0, limit);
      const final = rows.length === due.length;
      const to = final ? Math.max(ceiling, from) : (rows.at(-1)?.ver ?? from);
      const present = [...scope.rows.values()].filter((row) => row.present);
      const known = final && to === scope.ver ? digest(present) : null;
      return { scope: name, from, to, ceiling, final, reset, digest: known, rows };
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

  /** What a backup would hold now. */
  copy(): Copy {
    const { board, ledger, opIds, scopes, blobs } = this;
    return structuredClone({ board, ledger, opIds, scopes, blobs });
  }

  /** Goes back to a backup. Who swaps files by hand says nothing of it: then the epoch stays. */
  restore(copy: Copy, epoch = this.epoch): void {
    Object.assign(this, structuredClone(copy), { epoch });
  }

  /** Forgets every removal of a scope, as the worker does after ninety days (P29). */
  forgetRemovals(name: string): void {
    const scope = this.scope(name);
    for (const row of [...scope.rows.values()].filter((one) => !one.present)) {
      scope.rows.delete(row.entity);
      scope.floor = Math.max(scope.floor, row.ver);
    }
  }

  private scope(name: string): Scope {
    const scope = this.scopes.get(name) ?? { ver: 0, floor: 0, rows: new Map() };
    this.scopes.set(name, scope);
    return scope;
  }
}

interface Asked {
  last_seq: number;
  lost_proofs?: string[];
  incarnation: string;
  push: { from_seq: number; operations: Envelope[] } | null;
  cursors: Record<string, number>;
  ceilings: Record<string, number>;
  limit: number;
  proofs?: string[];
}

/** What an operation says, without its place in a log (P16). */
function contentOf({ device: _d, incarnation: _i, seq: _s, prev: _p, ...said }: Envelope): string {
  try {
    return canonical(said);
  } catch {
    return 'unclean';
  }
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
