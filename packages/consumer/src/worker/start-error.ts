import { asError, KinesisConnectorError } from "@kinesis-connectors/core";
import { KinesisCallError } from "../kinesis/kinesis-api.js";
import { listingRefused } from "./shard-sync/all-shards.js";

/**
 * A start waits for a table that does not answer for some seconds only, because whoever started it wants to know. What listing shards
 * and the table's own refusals end with has a code; what is left is a table that did not answer.
 */
export function startError(thrown: unknown): KinesisConnectorError {
  if (KinesisConnectorError.isInstance(thrown)) return thrown;
  if (thrown instanceof KinesisCallError) return listingRefused(thrown);
  return new KinesisConnectorError(
    "KC_LEASE_TABLE",
    `the lease table did not answer during the start (${asError(thrown).name}); check the network, region, credentials and endpoint of ` +
      "DynamoDB, and start again: nothing was begun",
    { cause: thrown },
  );
}
