import { beforeEach, describe, expect, it } from 'vitest';
import { resume, submit, undo } from '../../../pwa/dispatch/bulk/actions';
import { pick } from '../../../pwa/dispatch/board/selection';
import { makeBatch, type Batch } from '../../../pwa/dispatch/bulk/model';
import type { Tools } from '../../../pwa/dispatch/context';
import { Door } from '../../../pwa/dispatch/door';
import type { Operation } from '../../../pwa/dispatch/operations';
import { BEI, stamp, task } from './rows';

/** The part of the desk that sending touches, with a network whose weather the test makes. */
function world() {
  const sent: Operation[][] = [];
  const waiting: (() => void)[] = [];
  const store = new Map<string, string>();
  const weather = { next: [] as (number | 'lost')[] };
  const desk = {
    session: 'in',
    user: { id: 'dora' },
    batches: [] as Batch[],
    table: { get: () => null },
    people: new Map(),
    putBatch(batch: Batch) {
      const known = this.batches.some((item) => item.id === batch.id);
      this.batches = known
        ? this.batches.map((item) => (item.id === batch.id ? batch : item))
        : [batch, ...this.batches];
    },
  };
  const door = new Door(async (_path, init) => {
    const { operations } = JSON.parse(String(init.body)) as { operations: Operation[] };
    sent.push(operations);
    const status = weather.next.shift() ?? 200;
    if (status === 'lost') throw new TypeError('network');
    const results = operations.map((operation) => ({
      op_id: operation.op_id,
      status: 'applied',
      code: null,
      detail: null,
      conflict: null,
    }));
    const body = status === 200 ? { results } : { code: `code_${status}` };
    return new Response(JSON.stringify(body), { status, headers: status === 429 ? { 'retry-after': '7' } : {} });
  });
  const waits: number[] = [];
  const tools = {
    desk,
    door,
    stamp: () => stamp(),
    look: () => undefined,
    keep: {
      getItem: (key: string) => store.get(key) ?? null,
      setItem: (key: string, value: string) => void store.set(key, value),
      removeItem: (key: string) => void store.delete(key),
    },
    after: (ms: number, fn: () => void) => {
      waits.push(ms);
      waiting.push(fn);
    },
    chance: () => 1,
  } as unknown as Tools;
  return { tools, desk, sent, store, weather, waits, waiting };
}

const settle = () => new Promise((done) => setTimeout(done, 0));

function assignment(count = 2): Batch {
  const tasks = Array.from({ length: count }, (_, n) => pick(task(String(n), { courier: null })));
  const order = { deed: 'assign', courier: BEI.id, reason: '', window: null } as const;
  return makeBatch(order, tasks, BEI.name, () => null, stamp());
}

describe('sending a batch', () => {
  let at: ReturnType<typeof world>;
  beforeEach(() => {
    at = world();
  });

  it('tries again by itself with the very same operations until it is answered', async () => {
    at.weather.next = ['lost', 500, 200];
    await submit(at.tools, assignment());
    expect(at.desk.batches[0]).toMatchObject({ state: 'waiting', tries: 1 });
    at.waiting.shift()?.();
    await settle();
    at.waiting.shift()?.();
    await settle();
    expect(at.desk.batches[0]).toMatchObject({ state: 'answered', tries: 3 });
    expect(at.sent).toHaveLength(3);
    expect(at.sent[1]).toEqual(at.sent[0]);
    expect(at.sent[2]).toEqual(at.sent[0]);
  });

  it('waits as long as the server asks', async () => {
    at.weather.next = [429];
    await submit(at.tools, assignment());
    expect(at.waits).toEqual([7_000]);
  });

  it('keeps what has no answer over a reload, for the same person only', async () => {
    at.weather.next = ['lost'];
    const batch = assignment();
    await submit(at.tools, batch);
    expect(at.store.size).toBe(1);

    const stranger = world();
    stranger.store.set([...at.store.keys()][0] ?? '', [...at.store.values()][0] ?? '');
    stranger.desk.user.id = 'someone else';
    resume(stranger.tools);
    expect(stranger.sent).toEqual([]);
    expect(stranger.store.size).toBe(0);

    const again = world();
    again.store.set([...at.store.keys()][0] ?? '', [...at.store.values()][0] ?? '');
    resume(again.tools);
    await settle();
    expect(again.sent[0]?.map((operation) => operation.op_id)).toEqual(
      batch.operations.map((operation) => operation.op_id),
    );
    expect(again.store.size).toBe(0);
  });

  it('does not hammer a server that refused, and says so', async () => {
    at.weather.next = [422];
    await submit(at.tools, assignment());
    expect(at.desk.batches[0]).toMatchObject({ state: 'refused', error: 'code_422' });
    expect(at.waiting).toEqual([]);
  });

  it('keeps a batch for after the login when the session ended', async () => {
    at.weather.next = [401];
    await submit(at.tools, assignment());
    expect(at.desk.session).toBe('ended');
    expect(at.desk.batches[0]?.state).toBe('waiting');
    at.desk.session = 'in';
    resume(at.tools);
    await settle();
    expect(at.desk.batches[0]?.state).toBe('answered');
  });

  it('cuts a big batch into parts, and after a lost answer goes on where it was', async () => {
    at.weather.next = [200, 'lost', 200, 200];
    await submit(at.tools, assignment(1001));
    expect(at.desk.batches[0]).toMatchObject({ state: 'waiting' });
    at.waiting.shift()?.();
    await settle();
    await settle();
    expect(at.sent.map((part) => part.length)).toEqual([500, 500, 500, 1]);
    expect(at.sent[2]).toEqual(at.sent[1]);
    expect(Object.keys(at.desk.batches[0]?.results ?? {})).toHaveLength(1001);
    expect(at.desk.batches[0]?.state).toBe('answered');
  });

  it('leaves the deed standing when its undo was refused', async () => {
    const done = await submit(at.tools, assignment());
    at.weather.next = [403];
    await undo(at.tools, done);
    expect(at.desk.batches.find((batch) => batch.id === done.id)?.undone).toBeNull();
  });
});
