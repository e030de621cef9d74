/** Light, dark, sunlight or whatever the system says; the page carries it as `data-theme`. */
export type Theme = 'auto' | 'light' | 'dark' | 'sunlight';

const KEY = 'doorstep.theme';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark', 'sunlight'];

function remembered(): Theme {
  const stored = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  return THEMES.includes(stored as Theme) ? (stored as Theme) : 'auto';
}

class ThemeChoice {
  current = $state<Theme>(remembered());
  /** Whether the page is dark now, by choice or because the system is. */
  dark = $state(false);
  readonly all = THEMES;

  /** Call once at start: applies the choice and follows the system while it is `auto`. */
  start(): void {
    this.#apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#apply());
  }

  set(theme: Theme): void {
    this.current = theme;
    localStorage.setItem(KEY, theme);
    this.#apply();
  }

  #apply(): void {
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    const shown = this.current === 'auto' ? system : this.current;
    document.documentElement.dataset.theme = shown;
    this.dark = shown === 'dark';
    const surface = getComputedStyle(document.documentElement).getPropertyValue('--surface').trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', surface);
  }
}

export const theme = new ThemeChoice();
