import { type IteratorPosition, KinesisCallError, sdkKinesis } from "@kinesis-connectors/consumer";
import type { CliContext } from "../app/context.js";
import { CliError } from "../app/errors.js";
import { toKinesis } from "../connection/aws.js";
import type { Fleet } from "./read-fleet.js";
import type { Target } from "../connection/target.js";
import type { Behind } from "./verdict.js";
import { isEnded, type Lease } from "@kinesis-connectors/leases";
import { nameOf } from "../connection/stream-name.js";

/**
 * How far behind the tip each shard is, by one read of one record after its checkpoint: `MillisBehindLatest`. Costs one of the five reads
 * that a shard has in a second, for all its consumers.
 */
export async function askStream(context: CliContext, target: Target, fleet: Fleet): Promise<Behind> {
  const stream = target.stream ?? fleet.stream;
  if (stream === undefined)
    throw new CliError(
      "KC_USAGE",
      "neither the rows nor a file say which stream it is: give --config with a file that names it",
    );
  const connection = toKinesis(target);
  await connection.checkEndpoint();
  const api = sdkKinesis(await connection.made(), nameOf(stream));
  try {
    const behind = new Map<string, number>();
    let missing: Error | undefined;
    for (const lease of fleet.leases) {
      const position = positionOf(lease);
      if (position === undefined) continue;
      try {
        const iterator = await api.getShardIterator(lease.leaseKey, position, context.signal);
        const { millisBehindLatest } = await api.getRecords(iterator, 1, context.signal);
        if (millisBehindLatest !== undefined) behind.set(lease.leaseKey, millisBehindLatest);
      } catch (thrown) {
        // The row may outlive its shard. Where all of them do, it is the stream that is not there.
        if (!(thrown instanceof KinesisCallError && thrown.kind === "not-found")) throw thrown;
        missing = thrown;
      }
    }
    if (missing !== undefined && behind.size === 0) throw missing;
    return behind;
  } finally {
    connection.close();
  }
}

/** Where an application goes on in a shard; undefined at its end. */
export function positionOf(lease: Lease): IteratorPosition | undefined {
  const { checkpoint, startTimestampMs } = lease;
  if (isEnded(lease)) return undefined;
  if (typeof checkpoint === "object")
    return { type: "after-sequence-number", sequenceNumber: checkpoint.sequenceNumber };
  if (checkpoint !== "TRIM_HORIZON" && startTimestampMs !== undefined)
    return { type: "at-timestamp", timestampMs: startTimestampMs };
  return checkpoint === "LATEST" ? { type: "latest" } : { type: "trim-horizon" };
}
