import { session } from '../session.svelte';
import { saved } from '../saved';
import { t } from '../text';
import { startShift } from './model';

export async function beginShift(): Promise<void> {
  const { identity, engine, tasks } = session;
  if (!identity) return;
  await session.submit(startShift(engine.newId(), identity.station.id, tasks));
  // Whatever was changed before is on the list he sets out with.
  await engine.acknowledge(session.news.map((one) => one.task));
  saved({ text: () => t('today.shiftStarted'), cue: 'saved' });
}
