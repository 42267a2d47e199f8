import type { BufferEntry, FailedEntry } from "@kinesis-connectors/core";
import type { StatementFailure } from "../failures.js";
import { KinesisConnectorError } from "@kinesis-connectors/core";

/** What a try with some of the entries said: which ones do not load, or that something among them does not. */
export type Verdict<Output> =
  | { readonly refused: readonly { readonly entry: BufferEntry<Output>; readonly reason: string }[] }
  | { readonly unnamed: string; readonly isMissing?: boolean };

/** So many entries to blame one by one, and none that loads: then it is not the entries. */
const HOPELESS = 16;

/**
 * Finds the entries that will never load. A try names them where it can; where it cannot, the entries are halved until the ones to blame are
 * alone. What is left has been seen to load. An empty answer: nothing was found, or everything fails for a reason that is not in the entries.
 */
export async function isolate<Output>(
  entries: readonly BufferEntry<Output>[],
  attempt: (entries: readonly BufferEntry<Output>[]) => Promise<Verdict<Output>>,
): Promise<readonly FailedEntry<Output>[]> {
  const failed: FailedEntry<Output>[] = [];
  let loaded = false;
  let alone = 0;
  const open = [entries];
  for (let some = open.pop(); some !== undefined; some = open.pop()) {
    if (some.length === 0) continue;
    const verdict = await attempt(some);
    if ("refused" in verdict) {
      loaded = true;
      const reasons = new Map(verdict.refused.map(({ entry, reason }) => [entry, reason]));
      for (const [entry, reason] of reasons) failed.push(deadLetter(entry, reason));
      // Once more without them: others may have hidden behind.
      if (reasons.size > 0) open.push(some.filter((entry) => !reasons.has(entry)));
      continue;
    }
    const [only] = some;
    if (some.length === 1 && only !== undefined) {
      // What is missing may be there in a while; the engine gives it up after some tries.
      failed.push({
        ...deadLetter(only, verdict.unnamed),
        action: verdict.isMissing === true ? "retry" : "dead-letter",
      });
      alone += 1;
      if (!loaded && alone >= HOPELESS) return [];
      continue;
    }
    const middle = Math.ceil(some.length / 2);
    open.push(some.slice(middle), some.slice(0, middle));
  }
  return failed;
}

/** A failure of the whole as a verdict. */
export function unnamed({ message, failure }: StatementFailure): {
  readonly unnamed: string;
  readonly isMissing: boolean;
} {
  return { unnamed: message, isMissing: failure.kind === "data" && failure.isMissing };
}

function deadLetter<Output>(entry: BufferEntry<Output>, reason: string): FailedEntry<Output> {
  return {
    entry,
    action: "dead-letter",
    error: new KinesisConnectorError("KC_RECORD_POISON", `Redshift cannot load it: ${reason}`),
  };
}
