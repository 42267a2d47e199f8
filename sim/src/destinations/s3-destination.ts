import { ndjson, s3Emitter } from "@kinesis-connectors/s3";
import { type DestinationParts, type SimDestination, driving } from "./destination.js";
import { bucketOf, type Output } from "../sim-pipeline.js";

/** Records as lines of objects. What there is to check is checked as each object comes into being. */
export function s3Destination(
  parts: DestinationParts,
  objects: ReadonlyMap<string, unknown>,
): SimDestination {
  const { scenario, s3 } = parts;
  return {
    drive: driving(parts, (process) => {
      // A next owner that asked again would put a record into two objects, or into none: it has to follow what was stored.
      const partitioned =
        scenario.partitions > 1
          ? { partition: () => ({ part: Math.floor(process.random.next() * scenario.partitions) }) }
          : {};
      const place = bucketOf(scenario, s3(process));
      return s3Emitter<Output>({ ...place, ...partitioned, prefix: "archive", format: ndjson() });
    }),
    storedCount: () => objects.size,
  };
}
