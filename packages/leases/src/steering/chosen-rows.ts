import { type Clock, invalidOption } from "@kinesis-connectors/core";
import type { Lease } from "../lease.js";
import type { LeaseTable } from "../lease-table.js";

/** What every function of steering is given. */
export interface SteeringOptions {
  /** The table of the application; `open` need not have been called on one over DynamoDB, and would create it. */
  readonly table: LeaseTable;
  /** The shards it is about. Default: all of the application that have not been read to their end. */
  readonly shardIds?: readonly string[] | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/**
 * The rows that are meant.
 * @throws KinesisConnectorError `KC_OPTION_INVALID` for a shard that has no row, and for a list of none
 */
export function chosenRows(
  leases: readonly Lease[],
  shardIds: readonly string[] | undefined,
): readonly Lease[] {
  if (shardIds === undefined) return leases.filter(({ checkpoint }) => checkpoint !== "SHARD_END");
  if (!Array.isArray(shardIds) || shardIds.length === 0)
    throw invalidOption("shardIds must name at least one shard; leave it out for all of them");
  const rows = new Map(leases.map((lease) => [lease.leaseKey, lease]));
  return [...new Set(shardIds)].map((shardId) => {
    const row = rows.get(shardId);
    if (row !== undefined) return row;
    throw invalidOption(
      `shardIds names ${JSON.stringify(shardId)}, and the lease table has no row of it${known(leases)}`,
    );
  });
}

function known(leases: readonly Lease[]): string {
  const ids = leases.map(({ leaseKey }) => leaseKey).toSorted();
  if (ids.length === 0) return ": it has none at all";
  const shown = ids.slice(0, 5).join(", ");
  return ids.length > 5 ? `: it has ${shown} and ${ids.length - 5} more` : `: it has ${shown}`;
}

const MAX_IN_FLIGHT = 20;

/** Does something with each, a bounded number at a time; the answers in their order. */
export async function withEach<Item, Answer>(
  items: readonly Item[],
  work: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < items.length; from += MAX_IN_FLIGHT)
    answers.push(...(await Promise.all(items.slice(from, from + MAX_IN_FLIGHT).map(work))));
  return answers;
}
