/**
 * One toast at a time: what was saved, and for some seconds a way to take it back. A later toast replaces an
 * earlier one; the earlier operation stays saved.
 */
export interface ToastMessage {
  text: string;
  detail?: string;
  tone?: 'good' | 'warn' | 'bad';
  undo?: () => void | Promise<void>;
  /** How long it stays, ms. */
  stay?: number;
}

/** ms. */
const READING = 2_500;

class Toasts {
  current = $state<(ToastMessage & { id: number }) | null>(null);
  /** True once it has been on the screen long enough to be read: a screen may then keep only its undo. */
  settled = $state(false);
  #next = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  show(message: ToastMessage): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    const id = this.#next++;
    this.current = { ...message, id };
    this.settled = false;
    this.#settling = setTimeout(() => (this.settled = true), READING);
    this.#timer = setTimeout(() => this.dismiss(id), message.stay ?? (message.undo ? 10_000 : 5_000));
  }

  dismiss(id?: number): void {
    if (id !== undefined && this.current?.id !== id) return;
    clearTimeout(this.#timer);
    this.current = null;
  }

  undo(): void {
    const message = this.current;
    if (!message?.undo) return;
    this.dismiss(message.id);
    void message.undo();
  }
}

export const toasts = new Toasts();
