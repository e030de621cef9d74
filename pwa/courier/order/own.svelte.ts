/** The courier's own order of today's route, on this phone alone: whose it is and of which day stands beside it. */
const KEY = 'doorstep.order';

interface Kept {
  user: string;
  day: string;
  ids: string[];
}

export class OwnOrder {
  ids = $state.raw<string[] | null>(null);
  #user = '';
  #day = '';
  #kept = true;

  /** Whose list is shown, and of which day. `kept: false` (practice) neither reads nor writes the phone. */
  follow(user: string, day: string, kept: boolean): void {
    if (user === this.#user && day === this.#day && kept === this.#kept) return;
    Object.assign(this, { ids: null });
    this.#user = user;
    this.#day = day;
    this.#kept = kept;
    const stored = kept ? read() : null;
    if (stored?.user === user && stored.day === day) this.ids = stored.ids;
  }

  /** null: back to the planned order. */
  set(ids: string[] | null): void {
    this.ids = ids;
    if (!this.#kept) return;
    if (ids === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ user: this.#user, day: this.#day, ids } satisfies Kept));
  }
}

function read(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') as Kept | null;
  } catch {
    return null;
  }
}

export const own = new OwnOrder();
