/** What the inbox reads from the server. Times are ms since epoch UTC. */
import type { components } from '../../api/schema';
import type { Outcome } from '../types';

type Served = components['schemas'];
type Offered = { outcomes: Outcome[] };

export type Case = Omit<Served['Case'], 'outcomes'> & Offered;
export type CaseDetail = Omit<Served['CaseDetail'], 'outcomes'> & Offered;
export type Side = Served['Side'];
export type Clocks = Served['Clocks'];
/** Where a handheld was, seen from the door; metres. */
export type Place = NonNullable<Side['place']>;
export type RawLine = Served['RawLine'];
export type Colleague = Served['Colleague'];
export type Counts = Served['CaseCounts'];
export type CasesAnswer = Omit<Served['Cases'], 'conflicts'> & { conflicts: Case[] };

/** A case as far as acting on many needs it. */
export type Mark = Pick<Case, 'id' | 'kind' | 'status' | 'outcomes' | 'suggested' | 'owner'>;
export interface MarksAnswer {
  cases: Mark[];
  total: number;
}
