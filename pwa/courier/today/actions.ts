import type { Envelope } from '../../engine';
import { session } from '../session.svelte';
import { saved } from '../saved';
import { t } from '../text';
import { outForDelivery, startShift, toLoad } from './model';

export async function beginShift(): Promise<void> {
  const { identity, engine, tasks } = session;
  if (!identity) return;
  await session.submit(startShift(engine.newId(), identity.station.id, tasks));
  saved({ text: t('today.shiftStarted'), cue: 'saved' });
}

/** Engine batches travel at 100; one submit may hold more, it is one strict transaction on this phone. */
export async function leaveStation(): Promise<void> {
  const { tasks } = toLoad(session.tasks);
  const operations: Envelope[] = await session.submit(outForDelivery(tasks));
  saved({ text: t('today.loaded', { n: operations.length }), cue: 'saved', undo: operations });
}
