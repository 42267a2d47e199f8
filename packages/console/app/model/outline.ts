/** One line of a configuration: what is nested stands further in. */
export interface OutlineLine {
  readonly depth: number;
  readonly name: string;
  /** Undefined where what it holds follows. */
  readonly value: string | undefined;
}

/** A configuration as lines, as a YAML file would have them. */
export function linesOf(value: unknown): readonly OutlineLine[] {
  const lines: OutlineLine[] = [];
  append(lines, value, 0);
  return lines;
}

function append(lines: OutlineLine[], value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) {
    lines.push({ depth, name: "", value: scalar(value) });
    return;
  }
  const isList = Array.isArray(value);
  for (const [key, member] of Object.entries(value) as readonly [string, unknown][]) {
    const name = isList ? "-" : `${key}:`;
    const isNested = typeof member === "object" && member !== null && Object.keys(member).length > 0;
    lines.push({ depth, name, value: isNested ? undefined : scalar(member) });
    if (isNested) append(lines, member, depth + 1);
  }
}

/** Texts that a YAML file would have without quotes. */
const PLAIN = /^[A-Za-z*./_][\w ./:@*+-]*$/;
const NOT_A_TEXT = /: |:$|^(?:true|false|null|yes|no|on|off)$/i;

function scalar(value: unknown): string {
  if (typeof value === "string" && PLAIN.test(value) && !NOT_A_TEXT.test(value)) return value;
  return JSON.stringify(value) ?? "null";
}
