import { createAggregator } from "@kinesis-connectors/wire";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectorOn, put, until } from "./support/fleet.js";
import { flagsTo, kc, useLocal } from "./support/kc.js";
import { requireSchema } from "./support/schemas.js";

interface Line {
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly partitionKey: string;
  readonly encoding: string;
  readonly data: unknown;
}

const linesOf = (stdout: string): readonly Line[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);

describe("tail and peek", () => {
  let aws: LocalAws;
  let to: readonly string[];
  let restore: () => void;

  beforeAll(async () => {
    aws = await startLocalAws();
    restore = useLocal(aws);
    to = ["--endpoint-kinesis", aws.endpoints.kinesis, "--endpoint-dynamodb", aws.endpoints.dynamodb];
    aws.kinesis.createStream({ name: "plain", shardCount: 1 });
    aws.kinesis.createStream({ name: "packed", shardCount: 1 });
    aws.kinesis.putRecords("plain", [
      { partitionKey: "a", data: Buffer.from('{"total":12345678901234567890,\n"ok":true}') },
      { partitionKey: "b", data: Buffer.from("grüße, not JSON") },
      { partitionKey: "a", data: Buffer.from([0xff, 0x00, 0x10]) },
    ]);
    const aggregator = createAggregator({});
    for (const [index, key] of ["x", "y", "z"].entries())
      aggregator.add({ partitionKey: key, data: Buffer.from(`{"n":${index}}`) });
    const record = aggregator.flush();
    if (record === undefined) throw new Error("no aggregate");
    aws.kinesis.putRecords("packed", [{ partitionKey: record.partitionKey, data: record.data }]);
  });

  afterAll(async () => {
    restore();
    await aws.close();
  });

  it("prints one JSON line for each record: JSON with all its digits, text, or hex", async () => {
    const { code, stdout, stderr } = await kc(["tail", "plain", "--from", "horizon", "--limit", "3", ...to]);
    expect(code).toBe(0);
    expect(stderr).toContain("of the 5 reads a second that all its consumers share");
    expect(stdout).toContain('"encoding":"json","data":{"total":12345678901234567890, "ok":true}}');
    const lines = linesOf(stdout);
    for (const line of lines) requireSchema("tail", line);
    expect(lines.map(({ encoding }) => encoding)).toEqual(["json", "text", "hex"]);
    expect(lines.map(({ partitionKey }) => partitionKey)).toEqual(["a", "b", "a"]);
    expect(lines[1]?.data).toBe("grüße, not JSON");
    expect(lines[2]?.data).toBe("ff0010");
    const ofKey = await kc([
      "tail",
      "plain",
      "--from",
      "1h",
      "--key",
      "a",
      "--limit",
      "2",
      "--decode",
      "hex",
      ...to,
    ]);
    expect(linesOf(ofKey.stdout).map(({ encoding }) => encoding)).toEqual(["hex", "hex"]);
  });

  it("takes no read for failed that is cut off because there are enough", async () => {
    aws.kinesis.createStream({ name: "two", shardCount: 2 });
    const delay = aws.faults.add({
      server: "kinesis",
      operation: "GetRecords",
      times: 1,
      effect: { kind: "delay", delayMs: 60_000 },
    });
    const tail = kc(["tail", "two", "--from", "horizon", "--limit", "1", ...to]);
    await until(() => aws.journal.entries({ operation: "GetRecords" }).length > 0);
    for (let key = 0; key < 20; key += 1)
      aws.kinesis.putRecords("two", [{ partitionKey: String(key), data: Buffer.from("{}") }]);
    const { code, stdout, stderr } = await tail;
    aws.faults.remove(delay);
    expect([code, linesOf(stdout).length]).toEqual([0, 1]);
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining("two: 2 shards")]);
  });

  it("lets no record steer the terminal", async () => {
    aws.kinesis.createStream({ name: "hostile", shardCount: 1 });
    const keys = ["\u001B[31mred", "\u009B31mred", "line\u2028end"];
    aws.kinesis.putRecords(
      "hostile",
      keys.map((key) => ({
        partitionKey: key,
        data: Buffer.from(`{"text":"${key.replaceAll("\u001B", "")}"}`),
      })),
    );
    const { stdout } = await kc(["tail", "hostile", "--from", "horizon", "--limit", "3", ...to]);
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029]/);
    expect(linesOf(stdout).map(({ partitionKey }) => partitionKey)).toEqual(keys);
    expect(linesOf(stdout)[1]?.data).toEqual({ text: keys[1] });
  });

  it("takes an aggregated record apart: three user records with their sub-sequence numbers", async () => {
    const { stdout } = await kc(["tail", "packed", "--from", "horizon", "--limit", "3", ...to]);
    const lines = linesOf(stdout);
    expect(lines.map(({ subSequenceNumber }) => subSequenceNumber)).toEqual([0, 1, 2]);
    expect(lines.map(({ partitionKey }) => partitionKey)).toEqual(["x", "y", "z"]);
    expect(lines.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(new Set(lines.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(1);
    const at = `${lines[0]?.sequenceNumber ?? ""}.1`;
    const peeked = await kc(["peek", "packed", "--at", at, "--count", "5", ...to]);
    expect(linesOf(peeked.stdout).map(({ subSequenceNumber }) => subSequenceNumber)).toEqual([1, 2]);
  });

  it("peeks at what an application reads next, and the stream need not be named", async () => {
    aws.kinesis.createStream({ name: "read", shardCount: 1 });
    put(aws, "read", 3);
    const kept: string[] = [];
    const connector = await connectorOn(aws, "reader", "read", kept);
    await until(() => connector.progress().recordsEmitted >= 3);
    await connector.stop();
    aws.kinesis.putRecords("read", [{ partitionKey: "next", data: Buffer.from("next") }]);
    const { code, stdout, stderr } = await kc(["peek", "--checkpoint", "reader", ...to]);
    expect([code, linesOf(stdout).map(({ data }) => data)]).toEqual([0, ["next"]]);
    expect(stderr).toMatch(/^1 of 10 records, \d reads? of shard shardId-000000000000$/m);
  });

  it("reads each shard at most once a second", async () => {
    const before = aws.journal.last();
    const stop = new AbortController();
    const tailing = kc(["tail", "plain", ...to], { signal: stop.signal });
    const reads = () => aws.journal.entries({ after: before, operation: "GetRecords" });
    await until(() => reads().length >= 3);
    stop.abort();
    const { code } = await tailing;
    expect(code).toBe(130);
    const at = reads().map((entry) => entry.at);
    const between = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    // Each may take its time on its way, the first most of all; without the pause there are a few milliseconds between them.
    expect(Math.min(...between)).toBeGreaterThan(500);
  });

  it("follows a shard into its children", async () => {
    aws.kinesis.createStream({ name: "split", shardCount: 1 });
    put(aws, "split", 2);
    aws.kinesis.call("SplitShard", {
      StreamName: "split",
      ShardToSplit: "shardId-000000000000",
      NewStartingHashKey: String(2n ** 127n),
    });
    await until(() => {
      const { StreamDescriptionSummary } = aws.kinesis.call("DescribeStreamSummary", { StreamName: "split" });
      return (StreamDescriptionSummary as { readonly StreamStatus?: unknown }).StreamStatus === "ACTIVE";
    });
    put(aws, "split", 6);
    const { code, stdout } = await kc(["tail", "split", "--from", "horizon", "--limit", "8", ...to]);
    expect(code).toBe(0);
    expect(new Set(linesOf(stdout).map(({ shardId }) => shardId))).toEqual(
      new Set([0, 1, 2].map((number) => `shardId-00000000000${number}`)),
    );
  });

  it("names what is missing", async () => {
    const missing = await kc(["tail", "no-such-stream", ...to]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("no stream no-such-stream")]);
    const shard = await kc(["tail", "plain", "--shard", "7", ...to]);
    expect([shard.code, shard.stderr]).toEqual([1, expect.stringContaining("no shard shardId-000000000007")]);
    const peek = await kc(["peek", "plain", ...to]);
    expect([peek.code, peek.stderr]).toEqual([
      2,
      expect.stringContaining("--at POSITION or --checkpoint APP"),
    ]);
    expect((await kc(["tail", ...flagsTo(aws)])).code).toBe(2);
  });
});
