/** A member as the text that it should be; empty where it is none, which no service takes for a name or a value. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
