/** The rules that are data, read from the same JSON files as Python reads. Nothing here adds a rule of its own. */
import facts from '../tables/facts.json';
import merge from '../tables/merge.json';
import operations from '../tables/operations.json';
import reasons from '../tables/reasons.json';
import states from '../tables/states.json';
import type { EvidenceName, TaskStatus } from './records';

export interface OperationRule {
  v: number;
  /** Kind of the entity, or `any`. */
  entity: string;
  class: string;
  roles: string[];
}

/** What a fact makes of a task, and of which kinds of task. */
export interface FactRule {
  status: TaskStatus;
  for: string[];
}

export interface Reason {
  code: string;
  zh: string;
  en: string;
  ems: string[];
  aftership: string | null;
  x12: string[];
  sf: string[];
  next: string;
  for: string[];
  /** What a complaint would ask for: so many calls, seconds at the door, photos, and a note. */
  evidence: Partial<Record<EvidenceName, number | boolean>>;
  /** Without these no report is offered. */
  must: EvidenceName[];
}

export type Outcome = 'mine' | 'theirs' | 'noted';

/** How one kind of conflict is presented: the suggestion, the rule behind it, what each outcome does. */
export interface CaseRule {
  suggested: string;
  rule: string;
  outcomes: string[];
  effects: Record<string, string>;
  en: string;
  zh: string;
}

type StateTable = Record<string, Record<string, Record<string, TaskStatus>>>;

/** `entity` of an operation type that may point at an entity of any kind. */
export const KIND_OF_ENTITY_ANY = 'any';

export const OPERATIONS: Record<string, OperationRule> = operations;
/** Task kind -> status -> operation type -> next status; a missing entry means "not from here". */
export const STATES: StateTable = { delivery: states.delivery, pickup: states.pickup } as unknown as StateTable;
export const RANKS: Record<string, number> = facts.ranks;
export const PROGRESS = facts.progress as Record<string, FactRule>;
export const OUTCOMES = facts.outcomes as Record<string, FactRule>;
/** Operation type -> the fields it sets, which merge three ways on their `base`. */
export const FIELDS: Record<string, string[]> = merge.fields;
export const CASE_KINDS: Record<string, CaseRule> = merge.kinds;
export const REASONS_VERSION = reasons.version;
export const REASONS: Record<string, Reason> = Object.fromEntries(
  (reasons.reasons as Reason[]).map((reason) => [reason.code, reason]),
);
