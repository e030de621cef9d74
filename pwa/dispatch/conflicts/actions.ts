/** A decision is an operation like any other; the answer decides whether the next case comes up. */
import { submit } from '../bulk/actions';
import { wrapped, type Batch } from '../bulk/model';
import type { Tools } from '../context';
import { decide } from '../operations';
import type { ConflictCase, Outcome } from '../types';
import { casesInOrder, nextCase } from './model';

export async function decideCase(tools: Tools, item: ConflictCase, outcome: Outcome, reason: string): Promise<Batch> {
  const stamp = tools.stamp();
  const operation = decide(stamp, item, outcome, reason.trim());
  const line = { task: item.task ?? '', waybill: item.waybill ?? '', from: null };
  const batch = await submit(tools, wrapped(operation, line, stamp));
  if (batch.state === 'answered' && tools.desk.route.case === item.id) {
    const open = casesInOrder(tools.desk.openCases ?? []);
    tools.desk.openCases = open.filter((other) => other.id !== item.id);
    tools.desk.go({ case: nextCase(open, item.id) });
  }
  return batch;
}
