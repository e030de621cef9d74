/** Whether this phone tells its courier while the app is closed, and why not. Pure. */

export type Standing =
  'unsupported' | 'install' | 'blocked' | 'off' | 'asking' | 'on' | 'timeout' | 'offline' | 'refused' | 'failed';

export interface Facts {
  /** The browser knows service workers, push and notifications. */
  supported: boolean;
  /** An iPhone's or iPad's browser: there push belongs to apps on the home screen only. */
  apple: boolean;
  permission: NotificationPermission;
  /** It is subscribed, and the server knows. */
  known: boolean;
}

/** Where things stand before anybody has touched anything. */
export function standingOf({ supported, apple, permission, known }: Facts): Standing {
  if (!supported) return apple ? 'install' : 'unsupported';
  if (permission === 'denied') return 'blocked';
  return permission === 'granted' && known ? 'on' : 'off';
}

/** It cannot be switched on here, however often somebody tries. */
export function isFixed(standing: Standing): boolean {
  return standing === 'unsupported' || standing === 'install';
}

/** What a failed attempt comes to: an error's own name, `timeout` of ours, or the server's code. */
export function troubleOf(error: unknown): Standing {
  const { name, message, code, status } = error as { name?: string; message?: string; code?: string; status?: number };
  if (message === 'timeout') return 'timeout';
  if (name === 'NotAllowedError') return 'blocked';
  // The browser's own push service did not take it.
  if (name === 'AbortError') return 'timeout';
  if (code === 'push_endpoint_refused') return 'refused';
  if (status !== undefined) return 'failed';
  return name === 'Error' || name === 'Unreachable' ? 'offline' : 'failed';
}

/** What the server was told last; when it is this again there is nothing to tell. */
export function markOf(endpoint: string, user: string, lang: string): string {
  return JSON.stringify([endpoint, user, lang]);
}
