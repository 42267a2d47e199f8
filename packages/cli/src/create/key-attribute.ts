/** A key of a table. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: "S" | "N" | "B";
}

/** Reads `NAME:S`, `NAME:N` or `NAME:B`. */
export function keyAttributeOf(text: string): KeyAttribute {
  const [, name, type] = /^(.+):([SNB])$/.exec(text) ?? [];
  if (name === undefined || (type !== "S" && type !== "N" && type !== "B"))
    throw new TypeError("give a key as NAME:S, NAME:N or NAME:B");
  return { name, type };
}
