/** The one-time code, however it comes: typed, in the link of the QR, or read by the scanner. Pure. */

/** Upper case, only letters and digits, a hyphen after the fourth. */
export function tidyCode(text: string): string {
  const plain = text
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .slice(0, 8);
  return plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}

export function complete(code: string): boolean {
  return /^[A-Z0-9]{4}-[A-Z0-9]{4}$/.test(code);
}

/**
 * The code in an address such as https://…/#enrol=ABCD-EFGH (a fragment, so that no log ever sees it) or …/?code=…, or
 * the text itself when it is a code; else null.
 */
export function codeIn(text: string): string | null {
  const found = /[?&#](?:code|enrol)=([^&#\s]+)/.exec(text);
  const code = tidyCode(found ? decodeURIComponent(found[1] ?? '') : text);
  return complete(code) && (found || text.trim().length <= 9) ? code : null;
}
