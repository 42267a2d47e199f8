import type { DestinationParts, SimDestination } from "./destination.js";
import { dynamoDbDestination } from "./dynamodb-destination.js";
import { kinesisDestination } from "./kinesis-destination.js";
import type { LandingRule } from "./landings.js";
import { openSearchDestination } from "./opensearch-destination.js";
import { s3Destination } from "./s3-destination.js";
import type { EmitterName } from "./scenario.js";

/** What a run writes to. `objectCount`: the objects in the bucket, those of the dead letters among them. */
export function destinationOf(parts: DestinationParts, objectCount: () => number): SimDestination {
  switch (parts.scenario.emitter) {
    case "dynamodb":
      return dynamoDbDestination(parts);
    case "kinesis":
      return kinesisDestination(parts);
    case "opensearch":
      return openSearchDestination(parts);
    default:
      return s3Destination(parts, objectCount);
  }
}

/** What a destination owes about records that land more than once. */
export function landingRuleOf(emitter: EmitterName): LandingRule {
  return {
    repeats: emitter === "kinesis" ? "counted" : "wrong",
    isPlanned: emitter === "s3" || emitter === "s3-partitioned" || emitter === "redshift",
  };
}
