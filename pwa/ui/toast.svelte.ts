/**
 * One toast at a time: what was saved, and for some seconds a way to take it back. A later toast replaces an
 * earlier one; the earlier operation stays saved.
 */
export interface ToastMessage {
  text: Said;
  detail?: Said | undefined;
  tone?: 'good' | 'warn' | 'bad';
  undo?: () => void | Promise<void>;
  /** How long it stays, ms. */
  stay?: number;
}

/** A sentence, or what says it: then it follows a switch of the language while it stands on the screen. */
export type Said = string | (() => string);

export const say = (said: Said): string => (typeof said === 'string' ? said : said());

/** A toast as it reads now. */
type Shown = Omit<ToastMessage, 'text' | 'detail'> & { id: number; text: string; detail?: string };

/** ms. */
const READING = 2_500;

class Toasts {
  #message = $state.raw<(ToastMessage & { id: number }) | null>(null);
  /** True once it has been on the screen long enough to be read: a screen may then keep only its undo. */
  settled = $state(false);
  #next = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  get current(): Shown | null {
    const message = this.#message;
    if (!message) return null;
    const { text, detail, ...rest } = message;
    return { ...rest, text: say(text), ...(detail === undefined ? {} : { detail: say(detail) }) };
  }

  show(message: ToastMessage): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    const id = this.#next++;
    this.#message = { ...message, id };
    this.settled = false;
    this.#settling = setTimeout(() => (this.settled = true), READING);
    this.#timer = setTimeout(() => this.dismiss(id), message.stay ?? (message.undo ? 10_000 : 5_000));
  }

  dismiss(id?: number): void {
    if (id !== undefined && this.#message?.id !== id) return;
    clearTimeout(this.#timer);
    this.#message = null;
  }

  undo(): void {
    const message = this.#message;
    if (!message?.undo) return;
    this.dismiss(message.id);
    void message.undo();
  }
}

export const toasts = new Toasts();
