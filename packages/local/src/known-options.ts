import { LocalAwsError } from "./errors.js";

/** Names of options, and of those within them. */
export interface KnownNames {
  readonly [name: string]: true | KnownNames;
}

/** The names of all members of an interface; the compiler refuses a table that lacks one, or has one too many. */
export type NamesOf<Options> = Readonly<Record<keyof Options & string, true | KnownNames>>;

/**
 * Refuses what there is no option for: a misspelt `operation` of a fault rule would let it fire on every call, and a misspelt limit would leave the
 * service's.
 *
 * @param what whose options they are, for the message
 * @throws LocalAwsError `KC_LOCAL_BAD_OPTION`, naming what was probably meant
 */
export function checkNames(what: string, given: unknown, known: KnownNames, path = ""): void {
  if (typeof given !== "object" || given === null)
    throw new LocalAwsError("KC_LOCAL_BAD_OPTION", `[local] ${what} takes an object`);
  if (given instanceof Promise)
    throw new LocalAwsError("KC_LOCAL_BAD_OPTION", `[local] ${what} was given a promise: await it`);
  for (const [name, value] of Object.entries(given)) {
    const within = Object.hasOwn(known, name) ? known[name] : undefined;
    if (within === undefined) {
      const meant = nearest(name, Object.keys(known));
      const cure =
        meant === undefined ? `there are ${Object.keys(known).join(", ")}` : `did you mean ${path}${meant}?`;
      throw new LocalAwsError(
        "KC_LOCAL_BAD_OPTION",
        `[local] ${what} has no option ${path}${name.slice(0, 100)}: ${cure}`,
      );
    }
    if (typeof within === "object" && typeof value === "object" && value !== null)
      checkNames(what, value, within, `${path}${name}.`);
  }
}

/** The name that differs by few letters, or that goes on where this one ends. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const lower = name.toLowerCase();
  const ranked = known
    .map((one) => {
      const other = one.toLowerCase();
      const isPart = lower.length >= 3 && (other.startsWith(lower) || lower.startsWith(other));
      return { one, distance: isPart ? 1 : distanceOf(lower, other) };
    })
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3))
    ? best.one
    : undefined;
}

/** Levenshtein's: letters to change, leave out or put in. */
function distanceOf(one: string, other: string): number {
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [nth, letter] of one.split("").entries()) {
    const row = [nth + 1];
    for (let at = 1; at <= other.length; at += 1)
      row.push(
        Math.min(
          (last[at] ?? 0) + 1,
          (row[at - 1] ?? 0) + 1,
          (last[at - 1] ?? 0) + (letter === other[at - 1] ? 0 : 1),
        ),
      );
    last = row;
  }
  return last[other.length] ?? 0;
}
