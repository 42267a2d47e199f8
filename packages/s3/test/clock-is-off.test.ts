import { S3Client } from "@aws-sdk/client-s3";
import { batchOfEntries, contextOf, deliver, entryOf, startClockAhead } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { linesIn, startS3 } from "./support/local-s3.js";

const TWENTY_MINUTES_MS = 20 * 60_000;
const batch = (index: number, output: unknown) => batchOfEntries([entryOf(index, output)]);

describe("clock-is-off: a bucket that is written to", () => {
  it.each([1, 100_000_000])(
    "takes every record once though the clock is off from the start, then right (parts above %i bytes)",
    async (multipartAboveBytes) => {
      await using s3 = await startS3();
      await using ahead = await startClockAhead(s3.connection.endpoint, {
        aheadMs: TWENTY_MINUTES_MS,
        service: "s3",
      });
      // The client's own repetitions are switched off: it is the connection that makes the request again.
      const client = new S3Client({
        ...s3.connection,
        endpoint: ahead.endpoint,
        forcePathStyle: true,
        maxAttempts: 1,
      });
      const emitter = s3.emitter({ client, multipartAboveBytes });
      await emitter.open?.(contextOf(undefined));
      await deliver(emitter, batch(1, { a: 1 }));
      ahead.aheadMs = 0;
      await deliver(emitter, batch(2, { a: 2 }));
      ahead.aheadMs = -TWENTY_MINUTES_MS;
      await deliver(emitter, batch(3, { a: 3 }));
      const archived = s3.objects().filter(({ key }) => key.includes("shardId-"));
      expect(archived.flatMap(linesIn)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
      // HEAD of the start, and the first request after each step.
      expect(ahead.refused).toBe(3);
      client.destroy();
    },
  );
});
