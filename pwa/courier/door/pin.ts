/** The customer's code, held against the digest that came with the row: without a network, and never a secret for long. */
import type { TaskView } from '../../engine';

/** `unchecked`: this browser has no way to tell, the server will. */
export type PinCheck = 'none' | 'right' | 'wrong' | 'unchecked';

export const PIN_LENGTH = 6;

export async function checkPin(pin: TaskView['pin'], typed: string): Promise<PinCheck> {
  if (typed.length < PIN_LENGTH) return 'none';
  if (!pin) return 'unchecked';
  try {
    const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(typed), 'PBKDF2', false, ['deriveBits']);
    const salt = Uint8Array.from(pin.salt.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const rule = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: pin.iterations };
    const bits = new Uint8Array(await crypto.subtle.deriveBits(rule, key, 256));
    const digest = Array.from(bits, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return digest === pin.digest ? 'right' : 'wrong';
  } catch {
    return 'unchecked';
  }
}
