import type { RunOptions } from "../src/run.js";
import { simulate } from "../src/storm/storm.js";

/** The rules of some that storms break, from the first seed that breaks one of them; none where no seed does. */
export async function noticed(
  rules: readonly string[],
  options: RunOptions,
  { from = 1, seeds }: { readonly from?: number; readonly seeds: number },
): Promise<readonly string[]> {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violations } = await simulate(seed, options);
    const caught = violations.map(({ rule }) => rule).filter((rule) => rules.includes(rule));
    if (caught.length > 0) return caught;
  }
  return [];
}
