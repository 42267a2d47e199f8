import type { Lease } from "@kinesis-connectors/consumer";
import type { Violation } from "./violation.js";
import { type Entry, type Ledger, nameOf } from "./ledger.js";

/**
 * Whether everything that was put has been dealt with: each shard is at its end, and nothing is prepared and not committed.
 *
 * @param isHidden whether a record is one that no reader is shown, so that no checkpoint need come to it
 */
export function isDrained(
  ledger: Ledger,
  rows: ReadonlyMap<string, Lease>,
  isHidden: (entry: Entry) => boolean = () => false,
): boolean {
  for (const shard of ledger.shards.values()) {
    if (shard.hasEnded) continue;
    if (shard.isClosed) return false;
    if (rows.get(shard.shardId)?.pending !== undefined) return false;
    for (let index = shard.covered; index < shard.entries.length; index += 1) {
      const entry = shard.entries[index] as Entry;
      if (!entry.isTrimmed && !entry.isBeforeStart && !entry.isSkipped && !isHidden(entry)) return false;
    }
  }
  return true;
}

/**
 * Looks at every record when nothing will happen any more; returns how many are lost that no checkpoint told of.
 *
 * @param hasLanded whether all outputs of a record are where they belong: where a key keeps one version, an older one need not have been written
 */
export function checkEnd(
  ledger: Ledger,
  gaps: ReadonlySet<string>,
  report: (violation: Violation) => void,
  hasLanded: (entry: Entry) => boolean = isAnyThere,
): number {
  let lost = 0;
  for (const shard of ledger.shards.values()) {
    shard.entries.forEach((entry, index) => {
      const wrong = wrongWith(entry);
      if (wrong !== undefined) report({ rule: "I11", what: `${nameOf(entry)} of ${entry.shardId} ${wrong}` });
      if (entry.isBeforeStart || entry.payload === undefined || entry.isTrimmedUnbegun || entry.isSkipped)
        return;
      if (entry.isTrimmed) {
        if (isLanding(entry) && entry.dead === 0 && !hasLanded(entry) && !gaps.has(entry.shardId)) {
          lost += 1;
          report({
            rule: "silent gap",
            what: `${nameOf(entry)} of ${entry.shardId} is gone, and nobody said so`,
          });
        }
      } else if (index >= shard.covered) {
        lost += 1;
        report({
          rule: "lost",
          what: `${nameOf(entry)} of ${entry.shardId} was never covered by a checkpoint`,
        });
      }
    });
  }
  return lost;
}

/** A record that is where it must not be. */
function wrongWith(entry: Entry): string | undefined {
  const { payload, dead, isBeforeStart } = entry;
  const archived = entry.archived.some((count) => count > 0);
  if (isBeforeStart && (archived || dead > 0)) return "landed although it came before the start";
  switch (payload?.kind) {
    case undefined:
      return archived || dead > 0 ? "landed although its aggregate belongs to another shard" : undefined;
    case "filtered":
    case "none":
      return archived || dead > 0 ? "landed although it is dropped" : undefined;
    case "plain":
    case "many":
    case "flaky-filter":
      return dead > 0 ? "is a dead letter without a reason" : undefined;
    case "poison":
    case "stuck":
    case "rejected":
      return archived ? "was written although it is poison" : undefined;
    default:
      return undefined;
  }
}

function isLanding({ payload }: Entry): boolean {
  return payload !== undefined && !["none", "filtered", "flaky-filter"].includes(payload.kind);
}

function isAnyThere({ archived }: Entry): boolean {
  return archived.some((count) => count > 0);
}
