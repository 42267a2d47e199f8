/**
 * The bytes of a text in base64. `Buffer.from` passes over what is none, which would change the record silently.
 * @throws SyntaxError
 */
export function base64(value: string): Uint8Array {
  const bytes = Buffer.from(value, "base64");
  const { length } = value;
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  // What was passed over is missing in the length.
  if (length % 4 !== 0 || bytes.length !== (length / 4) * 3 - padding || /[-_]/.test(value))
    throw new SyntaxError("data is not base64");
  return bytes;
}
