import type { Draft, Envelope } from '../engine';

/** Taking back is saying that it did not happen (P3: a new operation that names the one it corrects), last first. */
export function corrections(operations: readonly Envelope[]): Draft[] {
  return [...operations].reverse().map((operation) => ({
    type: 'operation.corrected',
    entity: operation.entity,
    payload: { corrects: operation.op_id, error: 'did_not_occur', note: null },
  }));
}
