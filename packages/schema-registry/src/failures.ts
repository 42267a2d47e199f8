import { KinesisConnectorError } from "@kinesis-connectors/core";

/** The error of a registry that does not answer for the moment: the engine tries the record again. */
export function unanswered(
  registry: string,
  id: string,
  what: string,
  cause?: unknown,
): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LOOKUP_FAILED",
    `${registry} did not answer for the schema ${id} (${what})`,
    cause === undefined ? undefined : { cause },
  );
}

/** The error of a registry that no waiting opens: it stops the shard, and names the cure. */
export function refused(
  registry: string,
  id: string,
  what: string,
  cure: string,
  cause?: unknown,
): KinesisConnectorError {
  return new KinesisConnectorError(
    "KC_LOOKUP_REFUSED",
    `${registry} refused to give the schema ${id} (${what}): ${cure}`,
    cause === undefined ? undefined : { cause },
  );
}
