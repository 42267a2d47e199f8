import { bytesOfValue, type Value } from "../columns/values.js";
import { truncatedText } from "../partitions/transforms.js";

/** Texts and bytes are cut off after so many code points or bytes, as Iceberg's own writers do (`write.metadata.metrics.default`, "truncate(16)"). */
const BOUND_LENGTH = 16;

/** A value that no value of the column is less than. */
export function lowerBound(least: Value, type: string): Uint8Array {
  if (typeof least === "string") return Buffer.from(truncatedText(least, BOUND_LENGTH));
  if (least instanceof Uint8Array) return least.subarray(0, BOUND_LENGTH);
  return bytesOfValue(least, type);
}

/** A value that no value of the column is greater than; undefined where there is no short one. */
export function upperBound(greatest: Value, type: string): Uint8Array | undefined {
  if (typeof greatest === "string") {
    const text = textAbove(greatest);
    return text === undefined ? undefined : Buffer.from(text);
  }
  if (greatest instanceof Uint8Array) return bytesAbove(greatest);
  return bytesOfValue(greatest, type);
}

/** A text cut off, its last code point raised: the greatest texts have none above. */
function textAbove(text: string): string | undefined {
  const start = truncatedText(text, BOUND_LENGTH);
  if (start.length === text.length) return text;
  const points = Array.from(start, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.length - 1; last >= 0; last -= 1) {
    const raised = (points[last] ?? 0) + 1;
    // Surrogates are no characters.
    const next = raised === 0xd800 ? 0xe000 : raised;
    if (next <= 0x10ffff) return String.fromCodePoint(...points.slice(0, last), next);
  }
  return undefined;
}

function bytesAbove(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length <= BOUND_LENGTH) return bytes;
  for (let last = BOUND_LENGTH - 1; last >= 0; last -= 1) {
    const byte = bytes[last] ?? 0;
    if (byte === 0xff) continue;
    const above = bytes.slice(0, last + 1);
    above[last] = byte + 1;
    return above;
  }
  return undefined;
}
