/**
 * The modal dialogs that are open. While one is, everything outside it is inert: no finger reaches it and no screen reader reads it,
 * also where it is drawn above. What has to be heard and pressed meanwhile lives inside the topmost one.
 */
import { untrack } from 'svelte';

class Modals {
  #open = $state.raw<HTMLElement[]>([]);

  get top(): HTMLElement | null {
    return this.#open.at(-1) ?? null;
  }

  /** Opens a modal dialog; what it answers closes it. */
  show(dialog: HTMLDialogElement): () => void {
    dialog.showModal();
    this.#open = [...untrack(() => this.#open), dialog];
    return () => {
      this.#open = untrack(() => this.#open).filter((one) => one !== dialog);
      dialog.close();
    };
  }
}

export const modals = new Modals();

/** An action: the node is inside the topmost modal dialog, or where it was written when there is none. */
export function withinReach(node: HTMLElement): { destroy: () => void } {
  const home = node.parentElement;
  $effect(() => {
    const into = modals.top ?? home;
    if (!into || node.parentElement === into) return;
    into.append(node);
    // Whoever is moved leaves the browser's top layer, where there is one.
    if (!('popover' in HTMLElement.prototype)) return;
    for (const one of [node, ...node.querySelectorAll<HTMLElement>('[popover]')])
      if (one.popover && !one.matches(':popover-open')) one.showPopover();
  });
  return { destroy: () => node.remove() };
}
