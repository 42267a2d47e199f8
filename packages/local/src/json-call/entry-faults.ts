import type { Random } from "../clock.js";
import { findFault, type FiredFault } from "../faults.js";

/** Which entries of a request fail by a `partial-failure`, and the code of it. */
export function failedEntry(
  faults: readonly FiredFault[],
  random: Random,
  defaultCode: string,
): (index: number) => string | undefined {
  const fault = findFault(faults, "partial-failure");
  if (fault === undefined) return () => undefined;
  const { indexes, share = 1, code = defaultCode } = fault;
  return (index) => {
    const fails = indexes === undefined ? random.next() < share : indexes.includes(index);
    return fails ? code : undefined;
  };
}
