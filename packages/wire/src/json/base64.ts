const equalsSign = 0x3d;

/**
 * Writes the bytes that a base64 text stands for.
 *
 * As strict as the SDK's own decoder, without its regular expression, which is most of that one's time: Node's decoder passes over
 * characters that are no base64, so that a damaged text gives fewer bytes than its length says; and it takes the URL alphabet's two
 * characters, which are looked for.
 *
 * @param text - one byte for each character: of others Node's decoder takes the low byte for the whole.
 * @returns one past the last byte, or -1 when the text is no base64; what was written is of no use then
 */
export function writeBase64(bytes: Buffer, text: string, start: number): number {
  const { length } = text;
  if (length === 0) return start;
  if (length % 4 !== 0 || text.includes("-") || text.includes("_")) return -1;
  const padding =
    text.charCodeAt(length - 1) !== equalsSign ? 0 : text.charCodeAt(length - 2) === equalsSign ? 2 : 1;
  const expected = (length / 4) * 3 - padding;
  return bytes.write(text, start, expected, "base64") === expected ? start + expected : -1;
}

/** As `writeBase64`, for a text of any characters. */
export function writeAnyBase64(bytes: Buffer, text: string, start: number): number {
  return Buffer.byteLength(text) === text.length ? writeBase64(bytes, text, start) : -1;
}
