/** One line of a configuration: what is nested stands further in. */
export interface OutlineLine {
  readonly depth: number;
  readonly name: string;
  /** Undefined where what it holds follows. */
  readonly value: string | undefined;
}

/** A configuration as lines, as a YAML file would have them. */
export function linesOf(value: unknown, depth = 0): readonly OutlineLine[] {
  if (typeof value !== "object" || value === null) return [{ depth, name: "", value: scalar(value) }];
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, member]: [string, unknown]): readonly OutlineLine[] => {
    const name = isList ? "-" : `${key}:`;
    if (typeof member !== "object" || member === null) return [{ depth, name, value: scalar(member) }];
    if (Object.keys(member).length === 0)
      return [{ depth, name, value: Array.isArray(member) ? "[]" : "{}" }];
    return [{ depth, name, value: undefined }, ...linesOf(member, depth + 1)];
  });
}

/** Texts that a YAML file would have without quotes. */
const PLAIN = /^[A-Za-z*./_][\w ./:@*+-]*$/;
const NOT_A_TEXT = /: |:$|^(?:true|false|null|yes|no|on|off)$/i;

function scalar(value: unknown): string {
  if (typeof value === "string" && PLAIN.test(value) && !NOT_A_TEXT.test(value)) return value;
  return JSON.stringify(value) ?? "null";
}
