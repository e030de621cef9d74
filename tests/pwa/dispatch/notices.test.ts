import { describe, expect, it } from 'vitest';
import type { Tools } from '../../../pwa/dispatch/context';
import { DoorError } from '../../../pwa/dispatch/door';
import { readDead, replay } from '../../../pwa/dispatch/notices/actions';
import { reasonOf } from '../../../pwa/dispatch/notices/model';
import { dead } from '../../../pwa/dispatch/notices/state.svelte';
import type { DeadNotice } from '../../../pwa/dispatch/notices/types';
import { notices as en } from '../../../pwa/ui/strings/en/notices';
import { notices as zh } from '../../../pwa/ui/strings/zh/notices';

const letter = (id: string): DeadNotice => ({
  id,
  kind: 'delivered',
  to: 'customer',
  courier: null,
  task: 't',
  waybill: 'SF1000000001',
  attempts: 1,
  dead_at: 1,
  reason: 'answer_413',
});

const REASONS: [string | null, string][] = [
  ['answer_413', 'size'],
  ['answer_403', 'key'],
  ['answer_401', 'key'],
  ['answer_400', 'refused'],
  ['answer_307', 'redirect'],
  ['answer_503', 'service'],
  ['timeout', 'unreached'],
  ['address_not_public', 'address'],
  ['expired', 'expired'],
  ['KeyError', 'other'],
  [null, 'other'],
];

describe('notices that were not delivered', () => {
  it.each(REASONS)('%s is said as %s, in both languages', (reason, said) => {
    expect(reasonOf({ reason })).toBe(said);
    expect(Object.keys(zh)).toContain(`dead.why.${said}`);
  });

  it('has the same words in both languages', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });

  it('sends again, and keeps what could not be sent', async () => {
    const sent: string[] = [];
    const answers: Record<string, DoorError | null> = {
      a: null,
      b: new DoorError(404, 'not_found', ''),
      c: new DoorError(0, 'unreachable', ''),
    };
    const tools = {
      door: {
        get: async () => ({ notices: ['a', 'b', 'c'].map(letter), server_time: 1 }),
        send: async (_method: string, path: string) => {
          sent.push(path);
          const error = answers[path.split('/').at(-2) as string];
          if (error) throw error;
        },
      },
    } as unknown as Tools;
    await readDead(tools);
    await replay(tools, dead.notices ?? []);
    expect(sent).toEqual(['a', 'b', 'c'].map((id) => `/api/v1/notices/dead/${id}/replay`));
    expect(dead.notices?.map((one) => one.id)).toEqual(['c']);
    expect([...dead.stuck]).toEqual(['c']);
    expect(dead.busy.size).toBe(0);
  });
});
