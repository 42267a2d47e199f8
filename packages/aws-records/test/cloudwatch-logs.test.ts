import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { definePipeline, type KinesisRecord } from "@kinesis-connectors/core";
import { startLocalAws } from "@kinesis-connectors/local";
import { ndjson, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";
import { recordsOf } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { cloudWatchLogs, type LogEvent } from "../src/index.js";
import { runShard } from "./support/run-shard.js";

const caseOf = (name: string): Promise<Buffer> => readFile(new URL(`cases/${name}`, import.meta.url));
const FILES = ["record-1.gz", "record-2.gz", "record-3.gz", "record-4-cut.gz", "record-5-bomb.gz"];
const recordWith = (document: unknown): KinesisRecord => recordsOf([gzipSync(JSON.stringify(document))])[0]!;

describe("cloudwatch-logs", () => {
  it("F53 records of a subscription become lines on S3, control messages are filtered, what is cut or a bomb is a dead letter with its bytes", async () => {
    const data = await Promise.all(FILES.map(caseOf));
    const expected = String(await caseOf("expected.ndjson"))
      .trim()
      .split("\n");
    const aws = await startLocalAws({ kinesis: false, dynamodb: false, s3: { buckets: ["logs"] } });
    try {
      const connection = { ...aws.clientOptions("s3"), bucket: "logs" };
      const pipeline = definePipeline({
        transformer: cloudWatchLogs(),
        emitter: s3Emitter<LogEvent>({ ...connection, prefix: "good", format: ndjson() }),
        deadLetters: s3DeadLetters({ ...connection, prefix: "dead" }),
      });
      const { outcome, filtered } = await runShard(pipeline, recordsOf(data));
      expect(outcome.type).toBe("shard-end");
      expect(filtered).toBe(1);
      const good = [...aws.s3.objects("logs")].filter(({ key }) => key.startsWith("good/"));
      const lines = good.flatMap(({ body }) => Buffer.from(body).toString().trim().split("\n"));
      const fields = lines.map((line) => {
        const { id, timestamp, message, logGroup, logStream } = JSON.parse(line) as LogEvent;
        return { id, timestamp, message, logGroup, logStream };
      });
      expect(fields).toEqual(expected.map((line) => JSON.parse(line) as unknown));
      const dead = [...aws.s3.objects("logs")].filter(({ key }) => key.startsWith("dead/"));
      const letters = dead.flatMap(({ body }) => Buffer.from(body).toString().trim().split("\n"));
      const parsed = letters.map((line) => JSON.parse(line) as { data: string; errorMessage: string });
      expect(parsed.map((letter) => Buffer.from(letter.data, "base64"))).toEqual([data[3], data[4]]);
      expect(parsed.map(({ errorMessage }) => errorMessage)).toEqual([
        expect.stringContaining("cut short"),
        expect.stringContaining("maxBytes"),
      ]);
    } finally {
      await aws.close();
    }
  });
});

describe("cloudWatchLogs()", () => {
  const events = [
    { id: "1", timestamp: 1_770_076_800_000, message: "m", extractedFields: { level: "info" } },
  ];
  const message = {
    messageType: "DATA_MESSAGE",
    owner: "1",
    logGroup: "g",
    logStream: "s",
    subscriptionFilters: ["f"],
  };

  it("hands on the fields that a filter pattern found, and reads documents that are not compressed", () => {
    const [record] = recordsOf([JSON.stringify({ ...message, logEvents: events })]);
    expect(cloudWatchLogs().toModel(record!)).toEqual([
      { ...events[0], owner: "1", logGroup: "g", logStream: "s", subscriptionFilters: ["f"] },
    ]);
  });

  it("loses nothing of such a field that is no text", () => {
    const extractedFields = { level: "info", count: 7, tags: ["a"], none: null };
    const [record] = recordsOf([
      JSON.stringify({ ...message, logEvents: [{ ...events[0], extractedFields }] }),
    ]);
    expect(cloudWatchLogs().toModel(record!)).toMatchObject([
      { extractedFields: { level: "info", count: "7", tags: '["a"]', none: "null" } },
    ]);
  });

  it.each([
    [[], "it is no object"],
    [{ ...message, messageType: "4111" }, "messageType"],
    [{ ...message, logEvents: {} }, "logEvents"],
    [{ ...message, logEvents: [...events, "4111"] }, "logEvents[1]"],
    [{ ...message, logEvents: [...events, { id: "4111" }] }, "of logEvents[1]"],
  ])("makes poison of %j, whole, and names the member at fault", (document, member) => {
    expect(() => cloudWatchLogs().toModel(recordWith(document))).toThrow(
      expect.objectContaining({ code: "KC_RECORD_POISON", message: expect.stringContaining(member) }),
    );
    expect(() => cloudWatchLogs().toModel(recordWith(document))).not.toThrow("4111");
  });
});
