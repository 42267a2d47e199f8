import { KinesisConnectorError, invalidOption } from "./errors.js";
import { isPromise } from "./maybe-promise.js";
import { hasMembers, shown } from "./options.js";

/**
 * What is known of an option: that there is one of the name, that it must be given, or the names of the options within.
 * @inline
 */
type Known = true | "required" | KnownNames;

/** The names of all options that there are, for `checkOptions`; the compiler refuses a table that lacks one. */
export type OptionNames<Options> = Readonly<
  Record<Options extends unknown ? keyof Options & string : never, Known>
>;

/** Names, and names within them. */
export interface KnownNames {
  readonly [name: string]: Known;
}

/**
 * Refuses options that there are none of: a misspelt one would be passed over in silence, and its default taken. Refuses promises of options, and says
 * which of the required ones is missing.
 *
 * @param factory the function that takes them, for the message
 * @param options what the caller gave
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming what was probably meant
 *
 * @example
 * ```ts
 * const NAMES: OptionNames<RowsOptions> = { table: "required", maxRows: true };
 *
 * export function rowsEmitter(options: RowsOptions): Emitter<Row> {
 *   checkOptions("rowsEmitter", options, NAMES);
 * ```
 */
export function checkOptions<Options extends object>(
  factory: string,
  options: Options,
  known: OptionNames<Options>,
): void {
  const given: unknown = options;
  if (isPromise(given)) {
    Promise.resolve(given).catch(() => undefined);
    throw invalidOption(`${factory} was given a promise of its options: await it`);
  }
  if (!hasMembers(given) || Array.isArray(given))
    throw invalidOption(`${factory} takes its options as one object, but was given ${shown(given)}`);
  checkNames(factory, "", given, known);
}

function checkNames(
  factory: string,
  path: string,
  given: Readonly<Record<string, unknown>>,
  known: KnownNames,
): void {
  for (const name of Object.keys(given)) {
    const within = Object.hasOwn(known, name) ? known[name] : undefined;
    if (within === undefined) throw unknown(factory, path, name, Object.keys(known));
    const value = given[name];
    if (isPromise(value)) {
      Promise.resolve(value).catch(() => undefined);
      throw invalidOption(`${path}${name} is a promise: await it`);
    }
    if (typeof within === "object" && hasMembers(value) && !Array.isArray(value))
      checkNames(factory, `${path}${name}.`, value, within);
  }
  for (const [name, within] of Object.entries(known))
    if (within === "required" && given[name] === undefined)
      throw invalidOption(`${path}${name} is missing: ${factory} needs it`);
}

function unknown(
  factory: string,
  path: string,
  name: string,
  known: readonly string[],
): KinesisConnectorError {
  const meant = nearestNames(name, known);
  const cure =
    meant.length === 0
      ? `there are ${known.map((one) => `${path}${one}`).join(", ")}`
      : `did you mean ${meant.map((one) => `${path}${one}`).join(" or ")}?`;
  return invalidOption(`${factory} has no option ${path}${name.slice(0, 100)}: ${cure}`);
}

/**
 * What was probably meant: the same but for its case, what goes on where it ends or ends where it goes on, or what the fewest letters tell apart. Several
 * names only where each of them goes on where it ends: nothing says which. Of others that are as near, the one that begins like it for longer.
 */
export function nearestNames(name: string, known: readonly string[]): readonly string[] {
  const lower = name.toLowerCase();
  const alike = known.find((one) => one.toLowerCase() === lower);
  if (alike !== undefined) return [alike];
  let best: string[] = [];
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const one of known) {
    const other = one.toLowerCase();
    // "maxAge" for "maxAgeMs": left out is what people forget.
    const goesOn = lower.length >= 3 && other.startsWith(lower);
    const isPart = goesOn || (lower.length >= 3 && lower.startsWith(other));
    const distance = isPart ? Math.min(1.5, Math.abs(other.length - lower.length)) : distanceOf(lower, other);
    if (distance > bestDistance || (best.length === 0 && distance === bestDistance)) continue;
    const isNearer =
      distance < bestDistance || sharedPrefix(lower, other) > sharedPrefix(lower, best[0] ?? "");
    if (isNearer) best = [one];
    else if (goesOn && (best[0] ?? "").toLowerCase().startsWith(lower)) best.push(one);
    bestDistance = distance;
  }
  return best;
}

/** Letters that two names begin with alike. */
function sharedPrefix(lower: string, name: string): number {
  const other = name.toLowerCase();
  let length = 0;
  while (length < lower.length && lower[length] === other[length]) length += 1;
  return length;
}

/** Letters that have to be changed, left out, put in or swapped with their neighbour (optimal string alignment). */
function distanceOf(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      let least = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (isSame ? 0 : 1),
      );
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[other.length] as number;
}
