import { session } from '../session.svelte';

/** `id` is an operation of the outbox or a notice: a person has read why it needs them. */
export async function see(id: string): Promise<void> {
  await session.engine.markSeen(id);
  await session.refresh();
}

export async function sendNow(): Promise<void> {
  await session.engine.sync();
  await session.refresh();
}
