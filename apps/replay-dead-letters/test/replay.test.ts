import { KinesisClient } from "@aws-sdk/client-kinesis";
import type { DeadLetter } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { s3DeadLetters } from "@kinesis-connectors/s3";
import { batchOf, contextOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { replay } from "../src/replay.js";

const letter = (index: number): DeadLetter => ({
  stream: "orders",
  shardId: "shardId-000000000000",
  sequenceNumber: String(1_000 + index),
  subSequenceNumber: 0,
  partitionKey: `key-${index % 3}`,
  arrivalTime: "2026-01-01T00:00:00.000Z",
  errorCode: "KC_RECORD_POISON",
  errorMessage: "not JSON",
  attempts: 1,
  data: Buffer.from([index, 0, 255]).toString("base64"),
});

describe("a replay of dead letters", () => {
  it("puts each record back into a stream with its own key and bytes, in order", async () => {
    await using aws = await startLocalAws({
      limits: "off",
      dynamodb: false,
      opensearch: false,
      s3: { buckets: ["letters"] },
    });
    aws.kinesis.createStream({ name: "again" });
    aws.faults.add({ operation: "PutRecords", times: 2, effect: { kind: "partial-failure", share: 0.5 } });
    const s3 = aws.clientOptions("s3");
    const emitter = s3DeadLetters({ ...s3, bucket: "letters", prefix: "orders" });
    const letters = Array.from({ length: 40 }, (_, index) => letter(index));
    const batch = batchOf(letters);
    const plan = emitter.plan?.(batch);
    if (plan === undefined) throw new Error("dead letters are planned");
    await emitter.emit(batch, contextOf(plan));
    await emitter.close?.();

    const client = new KinesisClient(aws.clientOptions("kinesis"));
    expect(await replay({ ...s3, bucket: "letters", prefix: "orders" }, { client, stream: "again" })).toBe(
      40,
    );
    client.destroy();
    const there = [...aws.kinesis.records("again")].map(
      ({ partitionKey, data }) => `${partitionKey} ${data.toString("base64")}`,
    );
    expect(there.toSorted()).toEqual(
      letters.map(({ partitionKey, data }) => `${partitionKey} ${data}`).toSorted(),
    );
  });
});
