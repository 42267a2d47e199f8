import { CreateStreamCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { startLocalAws } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";
import { clicks } from "../src/clicks.js";
import { type WrittenRecord, putLines } from "../src/put-records.js";

describe("putting lines", () => {
  it("sends again only what the stream refused, and every line lands once", async () => {
    await using aws = await startLocalAws({ limits: "off", s3: false, dynamodb: false });
    const client = new KinesisClient(aws.clientOptions("kinesis"));
    await client.send(new CreateStreamCommand({ StreamName: "lines", ShardCount: 2 }));
    aws.faults.add({
      operation: "PutRecords",
      times: 3,
      effect: { kind: "partial-failure", share: 0.3 },
    });
    const written: WrittenRecord[] = [];
    const lines = [...clicks(1200, 3)];
    await putLines(lines, { client, stream: "lines", onWritten: (records) => written.push(...records) });
    const sent = aws.journal.entries({ operation: "PutRecords" });
    client.destroy();
    expect(sent.length).toBeGreaterThan(3);
    expect(new Set(written.map((record) => `${record.shardId} ${record.sequenceNumber}`)).size).toBe(1200);
    expect(written.map((record) => Buffer.from(record.data).toString()).toSorted()).toEqual(
      lines.map((line) => line.toString()).toSorted(),
    );
  });

  it("names the line that no record can hold", async () => {
    await using aws = await startLocalAws({ s3: false, dynamodb: false });
    const client = new KinesisClient(aws.clientOptions("kinesis"));
    const lines = [Buffer.from("short"), Buffer.alloc(1024 * 1024)];
    await expect(putLines(lines, { client, stream: "lines", onWritten: () => undefined })).rejects.toThrow(
      /line 2 has 1048576 bytes/,
    );
    client.destroy();
  });
});
