/** Longer ones are seldom the same. */
const MOST_BYTES = 16;
const SLOTS = 64;

/**
 * Texts of bytes that are all ASCII. Those that a filter looks at are few and short, and come again and again: one that was seen before is not made anew, which
 * costs more than all else about a picked member.
 */
export class ShortTexts {
  readonly #seen: string[] = Array.from({ length: SLOTS }, () => "");

  /** The text of these bytes. */
  textOf(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > MOST_BYTES) return bytes.toString("latin1", start, end);
    const slot = ((bytes[start] as number) * 5 + (bytes[end - 1] as number) * 3 + length) % SLOTS;
    const seen = this.#seen[slot] as string;
    if (isSame(seen, bytes, start, length)) return seen;
    const text = bytes.toString("latin1", start, end);
    this.#seen[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}
