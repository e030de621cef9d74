/** Longer than this nothing waits for a screen that is not drawn, ms. */
const AT_MOST = 1_000;

/** Resolves when what has just been changed is on the screen; at once where nothing is drawn. */
export function painted(): Promise<void> {
  if (typeof requestAnimationFrame === 'undefined' || document.hidden) return Promise.resolve();
  return new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, AT_MOST);
  });
}

/** Resolves when the screen is drawn and nobody is waiting for the next one: for what has time. */
export async function rested(): Promise<void> {
  await painted();
  if (typeof requestIdleCallback === 'undefined') return;
  await new Promise((done) => requestIdleCallback(done, { timeout: AT_MOST }));
}
