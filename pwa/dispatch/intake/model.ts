/** Mappings as a form shows them, and what the states of an import mean. Pure. */
import type { ImportState, OrderFile, Rule } from './types';

/** What a merchant's file may call the two kinds, and how it may write times: for fields a person maps by hand. */
const KINDS: Readonly<Record<string, string>> = {
  派送: 'delivery',
  派件: 'delivery',
  配送: 'delivery',
  揽收: 'pickup',
  取件: 'pickup',
  揽件: 'pickup',
};
const TIMES: readonly string[] = [
  '%Y-%m-%d %H:%M:%S',
  '%Y-%m-%d %H:%M',
  '%Y/%m/%d %H:%M:%S',
  '%Y/%m/%d %H:%M',
  '%Y年%m月%d日 %H:%M',
  '%m-%d %H:%M:%S',
  '%m-%d %H:%M',
];
export const UNITS: Readonly<Record<string, readonly string[]>> = { weight: ['kg', 'g'], cod: ['yuan', 'fen'] };
export const CONSTANTS: Readonly<Record<string, readonly string[]>> = { kind: ['delivery', 'pickup'] };

/** One field in the form. `choice`: '' = not taken, `c:<column>`, `=<constant>`, `t` = the template it came with. */
export interface Draft {
  choice: string;
  rule: Rule;
  unit: string;
}
export type Drafts = Readonly<Record<string, Draft>>;

function rulesOf(file: OrderFile): Record<string, Rule> {
  return (file.mapping.fields ?? {}) as Record<string, Rule>;
}

export function draftsOf(file: OrderFile): Drafts {
  const rules = rulesOf(file);
  return Object.fromEntries(
    file.fields.map(({ name }) => {
      const rule = rules[name] ?? {};
      return [name, { choice: choiceOf(rule, file.header), rule, unit: rule.unit ?? UNITS[name]?.[0] ?? '' }];
    }),
  );
}

function choiceOf(rule: Rule, header: readonly string[]): string {
  if (rule.constant !== undefined) return `=${rule.constant}`;
  if (rule.template !== undefined) return 't';
  const names = typeof rule.column === 'string' ? [rule.column] : (rule.column ?? []);
  const column = names.find((name) => header.includes(name));
  return column === undefined ? '' : `c:${column}`;
}

/** The mapping document for the server. */
export function documentOf(file: OrderFile, drafts: Drafts): Record<string, unknown> {
  const fields: Record<string, Rule> = {};
  for (const { name, kind } of file.fields) {
    const draft = drafts[name];
    const rule = draft === undefined ? null : ruleOf(name, kind, draft);
    if (rule !== null) fields[name] = rule;
  }
  return { format: 1, name: file.name.slice(0, 80), zone: file.mapping.zone ?? 'Asia/Shanghai', fields };
}

function ruleOf(name: string, kind: string, draft: Draft): Rule | null {
  const { choice, rule } = draft;
  if (choice === '') return null;
  if (choice.startsWith('=')) return { constant: choice.slice(1), ...(rule.optional ? { optional: true } : {}) };
  if (choice === 't') return rule;
  const made: Rule = { column: choice.slice(2) };
  if (rule.optional) made.optional = true;
  if (name in UNITS) made.unit = draft.unit;
  if (kind === 'time') made.formats = rule.formats?.length ? rule.formats : [...TIMES];
  if (name === 'kind') made.words = { ...KINDS, ...rule.words };
  return made;
}

/** Required fields that nothing is taken for. */
export function missingOf(file: OrderFile, drafts: Drafts): string[] {
  return file.fields.filter(({ name, required }) => required && !drafts[name]?.choice).map(({ name }) => name);
}

/** Whether the rows say whose orders they are; else a person has to. */
export function saysMerchant(drafts: Drafts, merchant: string): boolean {
  return merchant.trim() !== '' || (drafts.merchant?.choice ?? '') !== '';
}

/** Somebody is working on it: its numbers move. */
export function runs(state: Pick<ImportState, 'status'>): boolean {
  return ['waiting', 'staged', 'accepted', 'undoing'].includes(state.status);
}

/** 0 to 100; the check is the first fifth of an import, the rest is applying. */
export function percent(state: Pick<ImportState, 'status' | 'done' | 'todo' | 'only_check'>): number {
  const share = state.todo > 0 ? Math.min(1, state.done / state.todo) : 0;
  if (state.status === 'waiting') return 0;
  if (state.status === 'staged') return Math.round(share * (state.only_check ? 100 : 20));
  if (state.status === 'accepted') return Math.round(20 + share * 80);
  return Math.round(share * 100);
}

export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'quiet';

export function toneOf(status: string): Tone {
  if (status === 'applied') return 'good';
  if (status === 'rejected' || status === 'failed') return 'bad';
  if (status === 'undone' || status === 'checked') return 'quiet';
  return status === 'undoing' ? 'warn' : 'accent';
}

/** Whether wrong rows can be left out: some are right. */
export function canSkip(state: Pick<ImportState, 'status' | 'wrong' | 'rows' | 'file' | 'skip_bad'>): boolean {
  return (
    ['rejected', 'checked'].includes(state.status) && state.file !== null && state.wrong > 0 && state.wrong < state.rows
  );
}

export function canUndo(state: Pick<ImportState, 'status' | 'new'>): boolean {
  return state.status === 'applied' && state.new > 0;
}

/** An order that has moved, as the server tells it (`A-1 (SF1): delivered`), with its status in the reader's words. */
export function movedText(detail: string, said: (status: string) => string): string {
  return detail.replace(/: (\w+)$/, (_, status: string) => ` · ${said(status)}`);
}
