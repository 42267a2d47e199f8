import type { StoredObject } from "../services/bucket.js";
import type { DestinationParts, SimDestination } from "./destination.js";
import { dynamoDbDestination } from "./dynamodb-destination.js";
import { firehoseDestination } from "./firehose-destination.js";
import { icebergDestination } from "./iceberg-destination.js";
import { kinesisDestination } from "./kinesis-destination.js";
import type { LandingRule } from "../checks/landings.js";
import { openSearchDestination } from "./opensearch-destination.js";
import { postgresDestination } from "./postgres-destination.js";
import { redshiftDestination } from "./redshift-destination.js";
import { s3Destination } from "./s3-destination.js";
import { queueRepeats, sqsDestination } from "./sqs-destination.js";
import type { EmitterName, Scenario } from "../storm/scenario.js";

/** What a run writes to. `objects`: those in the bucket, the dead letters and what is staged among them. */
export function destinationOf(
  parts: DestinationParts,
  objects: ReadonlyMap<string, StoredObject>,
): SimDestination {
  switch (parts.scenario.emitter) {
    case "dynamodb":
      return dynamoDbDestination(parts);
    case "firehose":
      return firehoseDestination(parts);
    case "iceberg":
      return icebergDestination(parts, objects);
    case "kinesis":
      return kinesisDestination(parts);
    case "opensearch":
      return openSearchDestination(parts);
    case "postgres":
      return postgresDestination(parts);
    case "redshift":
      return redshiftDestination(parts, objects);
    case "sqs":
      return sqsDestination(parts);
    default:
      return s3Destination(parts, objects);
  }
}

/** Emitters that store what becomes of each record before they write. */
const PLANNED: ReadonlySet<EmitterName> = new Set<EmitterName>([
  "s3",
  "s3-partitioned",
  "redshift",
  "postgres",
  "iceberg",
]);

/** What a destination owes about records that land more than once. */
export function landingRuleOf(scenario: Scenario): LandingRule {
  const { emitter } = scenario;
  const mayRepeat =
    emitter === "kinesis" || emitter === "firehose" || (emitter === "sqs" && queueRepeats(scenario));
  return {
    repeats: mayRepeat ? "counted" : "wrong",
    isPlanned: PLANNED.has(emitter),
  };
}
