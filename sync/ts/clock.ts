/** What a device's time was worth when it spoke (P35). Times in ms since the epoch. */

/** A device clock that is off by more than this is flagged; nothing is ever refused for it. */
export const SKEW_LIMIT_MS = 300_000;

/** A moment on the server's clock, the device's skew in ms (server minus device), and whether it is suspicious. */
export interface Corrected {
  at: number;
  skew: number;
  flagged: boolean;
}

/** Moves a device's `at` onto the server's clock; `deviceNow` and `serverNow` were read at one and the same moment. */
export function corrected(at: number, deviceNow: number, serverNow: number): Corrected {
  const skew = serverNow - deviceNow;
  return { at: at + skew, skew, flagged: Math.abs(skew) > SKEW_LIMIT_MS };
}
