import { isEnded, type Lease } from "@kinesis-connectors/leases";
import type { CliContext } from "../app/context.js";
import type { FleetFlags, OutputFlags } from "../app/flags.js";
import { shortShard } from "../output/short.js";
import { tableLines } from "../output/table.js";
import { shownCost } from "./cost.js";
import { type Lineage, lineageOf } from "./lineage.js";
import { readFleet } from "./read-fleet.js";
import { targetOf } from "../connection/target.js";

export type ShardsFlags = FleetFlags & Pick<OutputFlags, "json">;

const HASH_KEYS = 2n ** 128n;

/** `shards APP`. */
export async function shards(context: CliContext, flags: ShardsFlags, app?: string): Promise<void> {
  const target = await targetOf(context, flags, app);
  const fleet = await readFleet(context, target);
  const lineage = lineageOf(fleet.leases);
  if (flags.json) {
    context.out.json({
      application: fleet.application,
      stream: fleet.stream ?? null,
      shards: lineage.map(({ lease, depth }) => ({
        shardId: lease.leaseKey,
        depth,
        isEnded: isEnded(lease),
        parents: lease.parentShardIds,
        children: lease.childShardIds,
        hashKeyRange: lease.hashKeyRange ?? null,
        share: shareOf(lease) ?? null,
      })),
      cost: fleet.cost,
    });
    return;
  }
  const rows = lineage.map((entry) => rowOf(entry));
  const columns = [
    { title: "SHARD" },
    { title: "STATE" },
    { title: "SIZE", isNumber: true },
    { title: "HASH KEYS" },
    { title: "ALSO FROM" },
  ];
  for (const line of tableLines(columns, rows, context.out.width())) context.out.line(line);
  const open = fleet.leases.filter((lease) => !isEnded(lease));
  const missing = uncovered(open);
  if (missing > 0)
    context.out.line(
      context.out.warn(`${percent(missing)} of the hash keys belong to no open shard of this table`),
    );
  context.out.line(shownCost(fleet.cost, fleet.rows.length));
}

function rowOf({ lease, depth, above }: Lineage): readonly string[] {
  const { hashKeyRange: range } = lease;
  const others = lease.parentShardIds.filter((id) => id !== above);
  const share = shareOf(lease);
  return [
    `${"  ".repeat(depth)}${shortShard(lease.leaseKey)}`,
    isEnded(lease) ? "ended" : "open",
    share === undefined ? "-" : percent(share),
    range === undefined ? "-" : `${range.startingHashKey} - ${range.endingHashKey}`,
    others.length === 0 ? "-" : others.map(shortShard).join(", "),
  ];
}

/** The part of all hash keys that a shard has, from 0 to 1. */
function shareOf({ hashKeyRange: range }: Lease): number | undefined {
  if (range === undefined) return undefined;
  const keys = BigInt(range.endingHashKey) - BigInt(range.startingHashKey) + 1n;
  return Number((keys * 1_000_000n) / HASH_KEYS) / 1_000_000;
}

/** The part of all hash keys that no shard covers; 0 where a row does not say its range. */
function uncovered(leases: readonly Lease[]): number {
  const ranges = leases.map(({ hashKeyRange }) => hashKeyRange);
  if (leases.length === 0 || ranges.includes(undefined)) return 0;
  const sorted = ranges
    .flatMap((range) =>
      range === undefined ? [] : [[BigInt(range.startingHashKey), BigInt(range.endingHashKey)] as const],
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  let next = 0n;
  let missing = 0n;
  for (const [from, to] of sorted) {
    if (from > next) missing += from - next;
    if (to >= next) next = to + 1n;
  }
  missing += HASH_KEYS - next;
  return Number((missing * 1_000_000n) / HASH_KEYS) / 1_000_000;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
