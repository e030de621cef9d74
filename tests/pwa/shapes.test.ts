/**
 * The types written by hand (sync/ts/records, sync/ts/protocol, the engine's views) against those generated from the server's
 * schemas: what the server says must be what the handheld takes it for. Judged by tsc; nothing happens at runtime.
 */
import { expectTypeOf, it } from 'vitest';

import type { components } from '../../pwa/api/schema';
import type { NoticeView } from '../../pwa/engine';
import type { TaskRowBody } from '../../sync/ts/pending';
import type { ExchangeAnswer, WirePage, WireResult, WireRow } from '../../sync/ts/protocol';
import type { ObligationRecord, ParcelRecord, TaskRecord } from '../../sync/ts/records';

type Served = components['schemas'];

it('the server says what the handheld takes it for', () => {
  expectTypeOf<Served['Result']>().toExtend<Omit<WireResult, 'seq'>>();
  expectTypeOf<Served['Row']>().toExtend<WireRow>();
  expectTypeOf<Served['ScopePage']>().toExtend<WirePage>();
  expectTypeOf<Omit<Served['ExchangeResponse'], 'results'>>().toExtend<Omit<ExchangeAnswer, 'results'>>();
  expectTypeOf<Served['ObligationRecord']>().toExtend<ObligationRecord>();
  expectTypeOf<Omit<Served['ParcelRecord'], 'last_scan'>>().toExtend<Omit<ParcelRecord, 'last_scan'>>();
  expectTypeOf<Omit<Served['TaskRecord'], 'touched'>>().toExtend<Omit<TaskRecord, 'touched'>>();
  expectTypeOf<Served['TaskRow']['conflict']>().toExtend<TaskRowBody['conflict']>();
  expectTypeOf<Served['NoticeRow']>().toExtend<Omit<NoticeView, 'seen'>>();
});
