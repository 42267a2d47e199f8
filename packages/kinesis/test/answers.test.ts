import { once } from "node:events";
import { createServer } from "node:http";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { kinesisEmitter } from "@kinesis-connectors/kinesis";
import { contextOf, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { batchOf } from "./support.js";

const JSON_TYPE = "application/x-amz-json-1.1";
const written = (index: number): object => ({ ShardId: "shardId-000000000000", SequenceNumber: `${index}` });
const results = (count: number): object[] => Array.from({ length: count }, (_, index) => written(index));

/** A Kinesis whose answer to the nth PutRecords, from 1, a test makes up of the number of its records. */
async function answering(answer: (records: number, nth: number) => object) {
  const requests: number[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      // Its requests are read as JSON, so it takes nothing else.
      if (request.headers["content-type"] !== JSON_TYPE) {
        response.writeHead(400, { "content-type": JSON_TYPE }).end('{"__type":"SerializationException"}');
        return;
      }
      const { Records: records } = JSON.parse(Buffer.concat(parts).toString()) as { Records: unknown[] };
      requests.push(records.length);
      response
        .writeHead(200, { "content-type": JSON_TYPE })
        .end(JSON.stringify(answer(records.length, requests.length)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const emitter = kinesisEmitter<string>({
    stream: "target",
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    endpoint: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    ordering: "none",
  });
  return {
    emitter,
    requests,
    [Symbol.asyncDispose]: async () => {
      await emitter.close?.();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const batch = batchOf(
  Array.from({ length: 700 }, (_, index) => ({ output: `${index}`, partitionKey: `key-${index}` })),
);

const strange = [
  ["one result too few", (count: number) => ({ FailedRecordCount: 0, Records: results(count - 1) })],
  ["one result too many", (count: number) => ({ FailedRecordCount: 0, Records: results(count + 1) })],
  ["no result", () => ({ FailedRecordCount: 0, Records: [] })],
  ["no list", () => ({})],
  [
    "a result that says nothing",
    (count: number) => ({ FailedRecordCount: 0, Records: [...results(count - 1), {}] }),
  ],
  ["more failures than it names", (count: number) => ({ FailedRecordCount: 2, Records: results(count) })],
] as const;

/** A Kinesis that answers its nth request strangely, and all others well. */
const strangeAt = (nth: number, answer: (records: number) => object) =>
  answering((count, at) => (at === nth ? answer(count) : { FailedRecordCount: 0, Records: results(count) }));

describe("an answer that does not fit its request", () => {
  it.each(strange)(
    "is not believed: with %s, the batch is rejected as not written",
    async (_name, answer) => {
      await using kinesis = await strangeAt(1, answer);
      const { emitter, requests } = kinesis;
      const error = await failureFrom(emitter.emit(batch, contextOf(undefined)));
      expect(KinesisConnectorError.isInstance(error)).toBe(false);
      expect(String(error)).toMatch(/none of it is believed/);
      expect(requests).toEqual([500]);
      expect(await emitter.emit(batch, contextOf(undefined))).toEqual({ failed: [] });
    },
  );

  it.each(strange)(
    "is not believed: with %s after others were written, all of its records go again and no others",
    async (_name, answer) => {
      await using kinesis = await strangeAt(2, answer);
      const { failed } = await kinesis.emitter.emit(batch, contextOf(undefined));
      expect(failed.map(({ entry, action }) => [entry, action])).toEqual(
        batch.entries.slice(500).map((entry) => [entry, "retry"]),
      );
      expect(kinesis.requests).toEqual([500, 200]);
    },
  );

  it("is believed where it names each failure, also without their number", async () => {
    await using kinesis = await answering((count) => ({
      Records: results(count).map((result, index) =>
        index === 3 ? { ErrorCode: "InternalFailure", ErrorMessage: "internal" } : result,
      ),
    }));
    const { failed } = await kinesis.emitter.emit(batch, contextOf(undefined));
    expect(failed.map(({ entry }) => entry)).toEqual([batch.entries[3], batch.entries[503]]);
  });
});
