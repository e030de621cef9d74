/**
 * One toast at a time: what was saved, and for some seconds a way to take it back. A later toast replaces an
 * earlier one; the earlier operation stays saved.
 */
export interface ToastMessage {
  text: string
  detail?: string
  tone?: 'good' | 'warn' | 'bad'
  undo?: () => void | Promise<void>
  /** How long it stays, ms. */
  stay?: number
}

class Toasts {
  current = $state<(ToastMessage & { id: number }) | null>(null)
  #next = 1
  #timer: ReturnType<typeof setTimeout> | undefined

  show(message: ToastMessage): void {
    clearTimeout(this.#timer)
    const id = this.#next++
    this.current = { ...message, id }
    this.#timer = setTimeout(() => this.dismiss(id), message.stay ?? (message.undo ? 10_000 : 5_000))
  }

  dismiss(id?: number): void {
    if (id !== undefined && this.current?.id !== id) return
    clearTimeout(this.#timer)
    this.current = null
  }
}

export const toasts = new Toasts()
