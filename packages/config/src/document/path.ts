/** The way to a value of a file: names of keys, and positions in lists. */
export type Path = readonly string[];

/** A path as people read it: `emitter.partition.0.path`. */
export function shownPath(path: Path): string {
  return path.join(".");
}

/** A path as the key of a map. */
export function keyOf(path: Path): string {
  return JSON.stringify(path);
}

/** Whether a value is a mapping. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at a path, undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[name];
  }
  return found;
}

/** A copy in which something else stands at a path that is there. */
export function withValueAt(value: unknown, path: Path, replacement: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((one: unknown, index) =>
      String(index) === name ? withValueAt(one, rest, replacement) : one,
    );
  if (!isMapping(value)) return value;
  return { ...value, [name]: withValueAt(value[name], rest, replacement) };
}

/** All values in a value, itself included, with their paths; outer ones first. */
export function* everyValue(value: unknown, path: Path = []): Generator<readonly [Path, unknown], void> {
  yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value) as [string, unknown][])
    yield* everyValue(member, [...path, name]);
}
