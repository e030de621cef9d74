/** When to try again. The plan is persisted, so that a restarted app does not start a storm (P12, F15). */
import { readMeta, StoreError, writeMeta, type RetryValue } from '../store';
import type { Context } from './context';
import { TakenOver } from './lock';
import { Refusal, Unreachable } from './transport';

export const BASE_MS = 2_000;
export const CAP_MS = 300_000;
/** How often a healthy engine asks for news. */
export const POLL_MS = 30_000;
/** A device the server does not know asks seldom: it may have been let back in. */
export const REVOKED_MS = 900_000;
/** By how much of it the wait the server asks for is stretched at random: it says the same to many. */
const SPREAD = 0.25;

export const CALM: RetryValue = { attempt: 0, at: 0, floor: 0, phase: 'idle', code: null };

/** Half fixed, half random: spreads a crowd that lost the same server at the same moment. `chance` in [0, 1). */
export function delay(attempt: number, chance: number): number {
  const full = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 20));
  return Math.floor(full / 2 + (full / 2) * chance);
}

export async function retryPlan(ctx: Context): Promise<RetryValue> {
  return ctx.unkept ?? (await readMeta(ctx.db, 'retry')) ?? CALM;
}

/** Persists the next try after a failure and answers the plan. */
export async function planRetry(ctx: Context, error: unknown): Promise<RetryValue> {
  const before = await retryPlan(ctx);
  const now = ctx.platform.now();
  const phase = phaseOf(error);
  const said = error instanceof Refusal ? (error.retryAfterMs ?? 0) : 0;
  const asked = Math.floor(said * (1 + SPREAD * chance(ctx)));
  const wait = Math.max(phase === 'revoked' ? REVOKED_MS : delay(before.attempt, chance(ctx)), asked);
  const plan: RetryValue = {
    attempt: before.attempt + 1,
    at: now + wait,
    floor: now + asked,
    phase,
    code: codeOf(error),
  };
  await keep(ctx, plan);
  return plan;
}

/** A plan that the disk has no room for is kept in memory: a full disk must not end the syncing (P13). */
async function keep(ctx: Context, plan: RetryValue): Promise<void> {
  try {
    await writeMeta(ctx.db, 'retry', plan);
    ctx.unkept = null;
  } catch (error) {
    ctx.unkept = plan;
    ctx.platform.log('warn', 'retry plan not kept', { code: codeOf(error) });
  }
}

export async function calmDown(ctx: Context): Promise<void> {
  const before = await retryPlan(ctx);
  if (before.attempt > 0 || before.phase !== 'idle') await keep(ctx, CALM);
}

/** A spread of ±20 % keeps handhelds that started together from asking together for ever. */
export function pollDelay(ctx: Context): number {
  return Math.floor(POLL_MS * (0.8 + 0.4 * chance(ctx)));
}

export function codeOf(error: unknown): string {
  if (error instanceof Refusal) return error.code;
  if (error instanceof StoreError) return error.code;
  if (error instanceof TakenOver) return 'taken_over';
  return error instanceof Unreachable ? 'offline' : 'internal';
}

export function phaseOf(error: unknown): RetryValue['phase'] {
  if (error instanceof Unreachable) return 'offline';
  const lockedOut = error instanceof Refusal && error.status === 401 && error.code.startsWith('device_');
  return lockedOut ? 'revoked' : 'error';
}

function chance(ctx: Context): number {
  const [high, low] = ctx.platform.random(2) as unknown as [number, number];
  return (high * 256 + low) / 65_536;
}
