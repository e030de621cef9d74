/** The hash as one reactive value. Every screen is a history entry, so the phone's back key works. */
import { afterLeaving } from '../ui/sheet-history';
import { formatRoute, parseRoute, type Route } from './route';

interface Entry {
  /** How many of our own screens lie behind this one. */
  depth?: number;
  /** Set by a Sheet that took an entry of its own. */
  sheet?: string;
}

class Router {
  current = $state.raw<Route>(parseRoute(location.hash));
  #depth = 0;

  start(): void {
    const read = (): void => {
      this.#depth = (history.state as Entry | null)?.depth ?? 0;
      if (formatRoute(this.current) !== location.hash) this.current = parseRoute(location.hash);
    };
    window.addEventListener('popstate', read);
    window.addEventListener('hashchange', read);
  }

  /** `replace` when the way back should not lead here. A screen opened from a sheet takes the sheet's entry. */
  go(route: Route, replace = false): void {
    const hash = formatRoute(route);
    if (hash === formatRoute(this.current) || afterLeaving(() => this.go(route, replace))) return;
    const inSheet = Boolean((history.state as Entry | null)?.sheet);
    if (!replace) this.#depth += 1;
    if (replace || inSheet) history.replaceState({ depth: this.#depth }, '', hash);
    else history.pushState({ depth: this.#depth }, '', hash);
    this.current = route;
  }

  back(): void {
    if (this.#depth > 0) history.back();
    else this.go({ screen: 'today' }, true);
  }

  /** Back to the list after work is done, whatever lay between. */
  home(): void {
    this.go({ screen: 'today' }, true);
  }
}

export const router = new Router();
