import { isObject, type JsonObject } from "../json-values.js";

/** Keeps the parts of an answer that `filter_path` names: paths with dots and `*`, several with commas. */
export function filtered(answer: JsonObject, filterPath: string | null): unknown {
  if (filterPath === null || filterPath === "") return answer;
  const paths = filterPath.split(",").map((path) => path.split("."));
  return pick(answer, paths) ?? {};
}

/** An element of a list stands at its list's place and takes no name of the path; `undefined` where nothing is left. */
function pick(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    const kept = (value as readonly unknown[])
      .map((element) => pick(element, paths))
      .filter((element) => element !== undefined);
    return kept.length === 0 ? undefined : kept;
  }
  if (!isObject(value)) return undefined;
  const kept: [string, unknown][] = [];
  for (const [name, part] of Object.entries(value)) {
    const rest = paths.filter(([first]) => first === "*" || first === name).map((path) => path.slice(1));
    const picked = rest.length === 0 ? undefined : pick(part, rest);
    if (picked !== undefined) kept.push([name, picked]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
