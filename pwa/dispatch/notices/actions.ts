/** Reading dead notices and sending them again. */
import type { Tools } from '../context';
import { DoorError } from '../door';
import { without } from './model';
import { dead } from './state.svelte';
import type { DeadAnswer, DeadNotice } from './types';

const PATH = '/api/v1/notices/dead';

export async function readDead(tools: Tools): Promise<void> {
  try {
    dead.notices = (await tools.door.get<DeadAnswer>(PATH)).notices;
    dead.failed = false;
  } catch (error) {
    dead.failed = true;
    throw error;
  }
}

/** Sends notices again, one after the other; one that lives already counts as sent. */
export async function replay(tools: Tools, notices: readonly DeadNotice[]): Promise<void> {
  const ids = notices.map((notice) => notice.id);
  dead.busy = new Set([...dead.busy, ...ids]);
  dead.stuck = new Set([...dead.stuck].filter((id) => !ids.includes(id)));
  for (const id of ids) {
    try {
      await tools.door.send('POST', `${PATH}/${encodeURIComponent(id)}/replay`, {});
      dead.notices = without(dead.notices ?? [], new Set([id]));
    } catch (error) {
      if (error instanceof DoorError && error.status === 404) dead.notices = without(dead.notices ?? [], new Set([id]));
      else dead.stuck = new Set([...dead.stuck, id]);
    }
    dead.busy = new Set([...dead.busy].filter((other) => other !== id));
  }
}
