/**
 * The history entry a sheet takes, so that the phone's back key closes it. Going back is not done when it is asked
 * for: until the browser says so, whoever wants to go somewhere else has to wait, or he would be taken back with it.
 */
interface Entry {
  sheet?: string;
}

/** Set between the closing of one sheet and the next tick: a sheet that opens then takes over its history entry. */
let leaving: ReturnType<typeof setTimeout> | undefined;
let goingBack = false;

function here(): string | undefined {
  return (history.state as Entry | null)?.sheet;
}

export function enterHistory(sheet: string): void {
  if (leaving === undefined) history.pushState({ sheet }, '');
  else history.replaceState({ sheet }, '');
  clearTimeout(leaving);
  leaving = undefined;
}

export function leaveHistory(sheet: string): void {
  leaving = setTimeout(() => {
    leaving = undefined;
    if (here() !== sheet) return;
    goingBack = true;
    window.addEventListener('popstate', () => (goingBack = false), { once: true });
    history.back();
  });
}

/** Whether a sheet's entry is being left right now; then `next` runs when it has been. */
export function afterLeaving(next: () => void): boolean {
  if (goingBack) window.addEventListener('popstate', () => setTimeout(next), { once: true });
  return goingBack;
}
