/** Check digits, each as a function from what precedes it to the character that must follow; null when it cannot be said. */
const DIGITS_AND_LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const digits = (text: string): number[] => [...text].map(Number);
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const tenth = (total: number): string => String((10 - (total % 10)) % 10);

/** Weights alternate, the first one on the first character. Letters count as UPS counts them: A is 2, B is 3 ... */
export function mod10(text: string, even: number, odd: number): string {
  const values = [...text].map((one) => (/\d/.test(one) ? Number(one) : (one.charCodeAt(0) - 3) % 10));
  return tenth(sum(values.map((value, at) => value * (at % 2 ? odd : even))));
}

/** GS1's, of EAN-13 and SSCC: weights 3 and 1 from the right. */
export function gs1(text: string): string {
  return tenth(sum(digits(text).map((value, at) => value * ((text.length - at) % 2 ? 3 : 1))));
}

export function luhn(text: string): string {
  const doubled = digits(text).map((value, at) => ((text.length - at) % 2 ? value * 2 : value));
  return tenth(sum(doubled.map((value) => (value > 9 ? value - 9 : value))));
}

export function mod7(text: string): string {
  return String(digits(text).reduce((rest, value) => (rest * 10 + value) % 7, 0));
}

/** The Universal Postal Union's S10. */
export function s10(text: string): string {
  const rest = sum(digits(text).map((value, at) => value * ([8, 6, 4, 2, 3, 5, 9, 7][at] ?? 0))) % 11;
  return rest === 0 ? '5' : String((11 - rest) % 10);
}

/** A weight for each digit, the sum modulo 11, and of that the last digit. */
export function weighted(text: string, weights: readonly number[]): string {
  return String((sum(digits(text).map((value, at) => value * (weights[at] ?? 0))) % 11) % 10);
}

/** ISO 7064 MOD 37,36. */
export function mod37(text: string): string {
  const last = [...text].reduce((before, one) => {
    const value = (before + DIGITS_AND_LETTERS.indexOf(one)) % 36 || 36;
    return (value * 2) % 37;
  }, 36);
  return DIGITS_AND_LETTERS[(37 - last) % 36] ?? '';
}
