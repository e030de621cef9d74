/** Whose number a code is, and whether its check digit agrees. */
import { FORMATS, type Format } from './formats';

export type Agreement = 'good' | 'bad' | 'none';

export interface Match {
  format: Format;
  agreement: Agreement;
  /** The parcel's number, without what the label wraps around it. */
  number: string;
}

/** As numbers are compared: without spaces and hyphens, in capitals. */
export const normal = (text: string): string => text.replace(/[\s-]/g, '').toUpperCase();

export function matchFormat(format: Format, code: string): Match | null {
  const groups = format.pattern.exec(code)?.groups;
  if (!groups && !format.pattern.test(code)) return null;
  const { serial, check, number = code } = groups ?? {};
  const checked = format.check && serial !== undefined && check !== undefined;
  return { format, number, agreement: checked ? (format.check?.(serial) === check ? 'good' : 'bad') : 'none' };
}

/** Every carrier's format the code has, those whose check digit agrees first. */
export function matches(code: string): Match[] {
  const order = { good: 0, none: 1, bad: 2 };
  return FORMATS.flatMap((format) => matchFormat(format, code) ?? []).sort(
    (one, other) => order[one.agreement] - order[other.agreement],
  );
}

/** What is worth saying of a code's check digit: a disagreement only where no other carrier's number looks like it. */
export function agreement(found: readonly Match[]): Agreement {
  if (found.some((one) => one.agreement === 'good')) return 'good';
  return found.some((one) => one.agreement === 'bad' && one.format.sure) ? 'bad' : 'none';
}
