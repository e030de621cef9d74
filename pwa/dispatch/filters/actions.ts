/** Filters kept by name at the server, one's own and those a colleague shares. */
import type { Tools } from '../context';
import { readFilters } from '../desk/actions';
import { toSaved } from '../filter';
import type { SavedFilter } from '../types';

const FILTERS = '/api/v1/dispatch/filters';

export async function saveFilter(tools: Tools, name: string, shared: boolean): Promise<void> {
  const query = toSaved(tools.desk.route);
  await tools.door.send<SavedFilter>('POST', FILTERS, { name: name.trim(), query, shared });
  await readFilters(tools);
}

export async function dropFilter(tools: Tools, id: string): Promise<void> {
  await tools.door.send('DELETE', `${FILTERS}/${encodeURIComponent(id)}`);
  await readFilters(tools);
}
