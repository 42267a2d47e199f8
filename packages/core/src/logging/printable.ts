// C0 and C1 with DEL, the separators that count as line ends, and the marks that turn the direction of text.
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const ALL_UNPRINTABLE = new RegExp(UNPRINTABLE, "g");

// Deeper than any field of ours; what runs in a circle ends here.
const MAX_DEPTH = 4;

/**
 * A value for a log line, with what could end or disguise the line escaped: a partition key or an error of somebody else's may hold anything. What needs no
 * escape is given back as it is.
 */
export function printable<Value>(value: Value): Value {
  // The type stays: a text becomes a text, an object one with the same members.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return escaped(value, MAX_DEPTH) as Value;
}

function escaped(value: unknown, depth: number): unknown {
  if (typeof value === "string") return escapedText(value);
  if (typeof value !== "object" || value === null || depth === 0) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = value.map((item: unknown) => escaped(item, depth - 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  // Loggers know errors, dates and the like by their class.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  let copy: Record<string, unknown> | undefined;
  for (const [name, member] of Object.entries(value)) {
    const shown = escaped(member, depth - 1);
    if (shown === member) continue;
    copy ??= { ...value };
    copy[name] = shown;
  }
  return copy ?? value;
}

function escapedText(text: string): string {
  if (!UNPRINTABLE.test(text)) return text;
  return text.replace(ALL_UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  });
}
