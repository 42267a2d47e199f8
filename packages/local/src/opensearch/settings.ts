import { fieldOf, isObject } from "../json-values.js";

/** What an index, or the cluster, was set to, by dotted names: `index.blocks.write` -> `true`. */
export type Settings = ReadonlyMap<string, string>;

/** Reads settings as the service takes them: dotted names, objects within each other, or both; `null` takes one back. */
export function settingsIn(given: unknown, prefix: string): ReadonlyMap<string, string | null> {
  const found = new Map<string, string | null>();
  const visit = (value: unknown, name: string): void => {
    if (isObject(value))
      for (const [key, inner] of Object.entries(value))
        visit(inner, `${name}${name === "" ? "" : "."}${key}`);
    else
      found.set(!name.startsWith(prefix) ? prefix + name : name, value === null ? null : settingText(value));
  };
  visit(given, "");
  return found;
}

/** A text as it is, anything else as JSON: `true` and `"true"` are one value. */
export function settingText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Settings with changes made to them. */
export function changed(settings: Settings, changes: ReadonlyMap<string, string | null>): Settings {
  const after = new Map(settings);
  for (const [name, value] of changes) {
    if (value === null) after.delete(name);
    else after.set(name, value);
  }
  return after;
}

/** A setting that is a number, or what it is by itself. */
export function numberSetting(settings: Settings, name: string, otherwise: number): number {
  const text = settings.get(name);
  return text === undefined ? otherwise : Number(text);
}

/** The aliases that an index is made with, and what each says of writing to it. */
export function aliasesIn(body: unknown): ReadonlyMap<string, boolean | undefined> {
  const aliases = fieldOf(body, "aliases");
  if (!isObject(aliases)) return new Map();
  return new Map(
    Object.entries(aliases).map(([name, alias]) => {
      const isWriteIndex = fieldOf(alias, "is_write_index");
      return [
        name,
        isWriteIndex === undefined ? undefined : isWriteIndex === true || isWriteIndex === "true",
      ];
    }),
  );
}
