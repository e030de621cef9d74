/** Field values of records and payloads, sorted by how a person reads them. Pure: words come from the views. */

export type Shown =
  | { as: 'nothing' }
  | { as: 'text'; value: string }
  | { as: 'number'; value: number }
  | { as: 'yes_no'; value: boolean }
  | { as: 'time'; value: number }
  | { as: 'money'; value: number }
  | { as: 'person'; value: string }
  | { as: 'status'; value: string }
  | { as: 'operation'; value: string }
  | { as: 'reason'; value: string }
  | { as: 'recipient'; value: string }
  | { as: 'method'; value: string }
  | { as: 'verdict'; value: string }
  | { as: 'raw'; value: string };

const PEOPLE: ReadonlySet<string> = new Set(['courier', 'author', 'collected_by', 'to', 'from']);
const TIMES: ReadonlySet<string> = new Set([
  'at',
  'window_start',
  'window_end',
  'started_at',
  'closed_at',
  'opened_at',
  'due_at',
  'received_at',
]);
const WORDS: Readonly<Record<string, 'status' | 'operation' | 'reason' | 'recipient' | 'method' | 'verdict'>> = {
  status: 'status',
  type: 'operation',
  reason: 'reason',
  recipient: 'recipient',
  method: 'method',
  verdict: 'verdict',
};

/** `field` may be dotted (`outcome.at`): the last part says what it is. */
export function shown(field: string, value: unknown): Shown {
  const name = field.slice(field.lastIndexOf('.') + 1);
  if (value === null || value === undefined || value === '') return { as: 'nothing' };
  if (typeof value === 'boolean') return { as: 'yes_no', value };
  if (typeof value === 'number') {
    if (TIMES.has(name)) return { as: 'time', value };
    if (name.endsWith('_minor') || name === 'amount') return { as: 'money', value };
    return { as: 'number', value };
  }
  if (typeof value === 'string') {
    if (PEOPLE.has(name)) return { as: 'person', value };
    const word = WORDS[name];
    return word === undefined ? { as: 'text', value } : { as: word, value };
  }
  return { as: 'raw', value: JSON.stringify(value) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One level of nested records becomes dotted fields; ids and digests say nothing to a person and are left out. */
export function flat(record: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    if (isRecord(value)) {
      for (const [inner, deep] of Object.entries(value)) {
        if (!isSilent(inner)) out[`${name}.${inner}`] = deep;
      }
    } else if (!isSilent(name)) {
      out[name] = value;
    }
  }
  return out;
}

const SILENT: ReadonlySet<string> = new Set(['op_id', 'id', 'station', 'signature', 'photos', 'blobs', 'touched']);

function isSilent(name: string): boolean {
  return SILENT.has(name);
}
