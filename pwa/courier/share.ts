/**
 * The engine answers with fresh objects each time. What did not change keeps its old object, so that a scan redraws
 * one row and not four hundred. Pure.
 */
export function share<T>(before: readonly T[], now: readonly T[], key: (item: T) => string): T[] {
  const old = new Map(before.map((item) => [key(item), item]));
  return now.map((item) => {
    const known = old.get(key(item));
    return known !== undefined && JSON.stringify(known) === JSON.stringify(item) ? known : item;
  });
}
