/** A screen that takes codes which are no waybills, while it is open: it is asked before the scanner is. */
export const taking: { take: ((code: string) => boolean) | null } = { take: null };
