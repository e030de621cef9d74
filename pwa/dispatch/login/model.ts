/** What the login screen says about a try that failed. Pure. */
import type { DoorError } from '../door';

export type LoginTrouble =
  | { kind: 'empty' }
  | { kind: 'refused' }
  | { kind: 'too_many'; seconds: number }
  | { kind: 'not_desk' }
  | { kind: 'unreachable' }
  | { kind: 'server'; code: string };

/** Wait told when the server limits tries without saying for how long, s. */
const USUAL_WAIT = 60;

export function lacks(username: string, password: string): LoginTrouble | null {
  return username.trim() === '' || password === '' ? { kind: 'empty' } : null;
}

export function troubleOf(error: Pick<DoorError, 'status' | 'code' | 'retryAfter'>): LoginTrouble {
  if (error.status === 0) return { kind: 'unreachable' };
  if (error.status === 429) return { kind: 'too_many', seconds: Math.ceil(error.retryAfter ?? USUAL_WAIT) };
  if (error.status === 403) return { kind: 'not_desk' };
  if (error.status >= 400 && error.status < 500) return { kind: 'refused' };
  return { kind: 'server', code: error.code };
}

/** Couriers work on the handheld; the desk has nothing they may see. */
export function mayUseDesk(role: string): boolean {
  return role === 'dispatcher' || role === 'csr' || role === 'admin';
}

/** A customer service agent decides and cancels, but does not hand out work. */
export function mayDispatch(role: string): boolean {
  return role === 'dispatcher' || role === 'admin';
}
