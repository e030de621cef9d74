/** Reading and deeds of the order screens. */
import { language } from '../../ui/i18n.svelte';
import type { Tools } from '../context';
import type { DoorError } from '../door';
import { asDoorError } from '../door';
import { documentOf, draftsOf, missingOf, runs, saysMerchant } from './model';
import { intake, type Work } from './state.svelte';
import type { Begun, ImportState, ImportsAnswer, OrderFile, Tried } from './types';

const DOORS = '/api/v1/orders';
/** Pause between two looks at a running import, ms. */
const LOOK = 700;
/** Typing comes in bursts, ms. */
const SETTLE = 350;

export async function read(tools: Tools): Promise<void> {
  const { route } = tools.desk;
  const parts = [readList(tools)];
  if (route.id !== '') parts.push(readImport(tools, route.id));
  const file = route.own.file ?? '';
  if (file !== '' && intake.work?.file.id !== file) parts.push(readFile(tools, file));
  const failed = (await Promise.allSettled(parts)).find((part) => part.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function readList(tools: Tools): Promise<void> {
  try {
    intake.list = await tools.door.get<ImportsAnswer>(`${DOORS}/imports`);
    intake.listError = null;
  } catch (failure) {
    intake.listError = asDoorError(failure).code;
    throw failure;
  }
}

async function readImport(tools: Tools, id: string): Promise<void> {
  if (intake.current.id !== id) intake.current = { id, value: null, error: null };
  try {
    const value = await tools.door.get<ImportState>(`${DOORS}/imports/${encodeURIComponent(id)}`);
    if (intake.current.id !== id) return;
    const ended = intake.current.value !== null && runs(intake.current.value) && !runs(value);
    intake.current = { id, value, error: null };
    if (runs(value)) tools.after(LOOK, () => void follow(tools, id));
    if (ended) void readList(tools).catch(() => undefined);
  } catch (failure) {
    const error = asDoorError(failure);
    if (intake.current.id === id) intake.current = { ...intake.current, error: error.code };
    if (error.passing) tools.after(LOOK * 4, () => void follow(tools, id));
    else if (error.status === 401) throw error;
  }
}

/** The newest look asks for the next one: two of them must not both. */
let following = 0;

async function follow(tools: Tools, id: string): Promise<void> {
  const mine = ++following;
  await Promise.resolve();
  if (mine !== following || tools.desk.route.view !== 'orders' || tools.desk.route.id !== id) return;
  await readImport(tools, id).catch(() => undefined);
}

async function readFile(tools: Tools, id: string, sheet = ''): Promise<void> {
  intake.workError = null;
  try {
    const query = sheet === '' ? '' : `?sheet=${encodeURIComponent(sheet)}`;
    take(tools, await tools.door.get<OrderFile>(`${DOORS}/files/${encodeURIComponent(id)}${query}`));
  } catch (failure) {
    intake.workError = asDoorError(failure).detail;
  }
}

function take(tools: Tools, file: OrderFile): void {
  const year = String(new Date(tools.desk.now).getFullYear());
  intake.work = { file, drafts: draftsOf(file), merchant: file.merchant ?? '', year };
  intake.tried = null;
  void tryOut(tools);
}

export async function bring(tools: Tools, file: File): Promise<void> {
  intake.uploading = true;
  intake.refused = null;
  try {
    const headers = { 'content-type': 'application/octet-stream', 'accept-language': language.current };
    const path = `${DOORS}/files?name=${encodeURIComponent(file.name)}`;
    const seen = await tools.door.upload<OrderFile>(path, file, headers);
    take(tools, seen);
    tools.desk.go({ id: '', own: { file: seen.id }, pane: 'detail' });
  } catch (failure) {
    intake.refused = asDoorError(failure).detail;
  } finally {
    intake.uploading = false;
  }
}

export function otherSheet(tools: Tools, sheet: string): void {
  if (intake.work !== null) void readFile(tools, intake.work.file.id, sheet);
}

export function change(tools: Tools, part: Partial<Work>): void {
  if (intake.work === null) return;
  intake.work = { ...intake.work, ...part };
  tools.after(SETTLE, () => void settle(tools, intake.work));
}

function settle(tools: Tools, meant: Work | null): void {
  if (meant === intake.work) void tryOut(tools);
}

function reading(work: Work): Record<string, unknown> {
  const year = Number(work.year);
  return {
    mapping: documentOf(work.file, work.drafts),
    merchant: work.merchant.trim() || null,
    year: year >= 2000 && year <= 2100 ? year : null,
    sheet: work.file.sheet,
  };
}

export async function tryOut(tools: Tools): Promise<void> {
  const { work } = intake;
  if (work === null) return;
  intake.tryError = false;
  if (missingOf(work.file, work.drafts).length > 0 || !saysMerchant(work.drafts, work.merchant)) {
    intake.tried = null;
    return;
  }
  intake.trying = true;
  try {
    const tried = await tools.door.send<Tried>('POST', `${DOORS}/files/${work.file.id}/check`, reading(work));
    if (intake.work === work) intake.tried = tried;
  } catch {
    if (intake.work === work) intake.tryError = true;
  } finally {
    intake.trying = false;
  }
}

/** Answers why it could not begin, null when it did. */
export async function begin(tools: Tools, wish: { only_check: boolean; skip_bad: boolean }): Promise<string | null> {
  const { work } = intake;
  if (work === null) return '';
  intake.beginning = true;
  try {
    const path = `${DOORS}/files/${work.file.id}/imports`;
    const begun = await tools.door.send<Begun>('POST', path, { ...reading(work), ...wish });
    tools.desk.go({ id: begun.id, own: { file: work.file.id }, pane: 'detail' });
    await read(tools).catch(() => undefined);
    return null;
  } catch (failure) {
    return asDoorError(failure).detail || asDoorError(failure).code;
  } finally {
    intake.beginning = false;
  }
}

/** Back to the mapping of an import's file, as far as this page or the server still knows it. */
export function openFile(tools: Tools, file: string): void {
  tools.desk.go({ id: '', own: { file }, pane: 'detail' });
}

export function badRows(id: string): string {
  return `${DOORS}/imports/${encodeURIComponent(id)}/bad-rows?lang=${language.current}`;
}

/** Answers what stands in the way, null when the import is being undone. */
export async function undo(tools: Tools, id: string, reason: string): Promise<DoorError | null> {
  try {
    await tools.door.send<Begun>('POST', `${DOORS}/imports/${encodeURIComponent(id)}/undo`, { reason });
    await readImport(tools, id);
    tools.look();
    return null;
  } catch (failure) {
    return asDoorError(failure);
  }
}
