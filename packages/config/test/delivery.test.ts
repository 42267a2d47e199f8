import { type LeaseTable, memoryLeases, startConnector } from "@kinesis-connectors/consumer";
import { KinesisConnectorError } from "@kinesis-connectors/core";
import { replayDeadLetters } from "@kinesis-connectors/s3";
import { type LocalAws, startLocalAws } from "@kinesis-connectors/local";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadWith, validateWith } from "../src/load-config.js";
import { problemLine } from "../src/index.js";
import { leaseStoreFault } from "../src/parts/lease-store.js";
import { fileOf, fromSources } from "./support/load.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

function pointTo(aws: LocalAws): void {
  for (const [variable, value] of Object.entries(aws.env)) vi.stubEnv(variable, value);
}

/** The stream of the files: two documents, and between them what is none. */
function streamWithPoison(aws: LocalAws): void {
  pointTo(aws);
  aws.kinesis.createStream({ name: "in", shardCount: 1 });
  aws.kinesis.putRecords("in", [
    { partitionKey: "a", data: '{"n":1}' },
    { partitionKey: "b", data: "not JSON" },
    { partitionKey: "c", data: '{"n":2}' },
  ]);
}

it("what cannot be decoded goes to the dead letters of the file, the rest where it belongs, and a queue is told of it", async () => {
  await using aws = await startLocalAws({
    limits: "off",
    s3: { buckets: ["clicks", "dead"] },
    sqs: { queues: ["written.fifo"] },
  });
  streamWithPoison(aws);
  const { options } = await loadWith(
    fileOf(`version: 1
application: with-dead-letters
source: { stream: in }
transform: { decode: json, output: original }
buffer: { maxAgeMs: 300 ms }
emitter: { type: s3, bucket: clicks, format: { type: ndjson }, compression: gzip }
announce: { type: sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/000000000000/written.fifo" }
deadLetters: { type: s3, bucket: dead, prefix: of-clicks }
`),
    { env: {} },
    fromSources,
  );
  const connector = await startConnector(options);
  await expect
    .poll(() => [...aws.s3.objects("dead")].some(({ key }) => key.endsWith(".dead.ndjson")))
    .toBe(true);
  await expect.poll(() => connector.progress().recordsEmitted).toBe(2);
  await connector.stop();
  const written = [...aws.s3.objects("clicks")]
    .filter(({ key }) => key.endsWith(".ndjson.gz"))
    .map(({ key }) => `s3://clicks/${key}`);
  expect(written).toHaveLength(1);
  expect(aws.sqs.messages("written.fifo").map(({ body }) => body)).toEqual(written);
  const letters: string[] = [];
  for await (const { data, errorCode, key } of replayDeadLetters({ bucket: "dead", prefix: "of-clicks" })) {
    expect(key).toMatch(/^of-clicks\//);
    letters.push(`${errorCode} ${Buffer.from(data).toString()}`);
  }
  expect(letters).toEqual(["KC_RECORD_POISON not JSON"]);
});

it("what cannot be decoded goes to a queue, and the rest into a delivery stream, where a file says so", async () => {
  await using aws = await startLocalAws({
    limits: "off",
    firehose: { deliveryStreams: ["clicks"] },
    sqs: { queues: ["dead.fifo"] },
  });
  streamWithPoison(aws);
  const { options } = await loadWith(
    fileOf(`version: 1
application: with-a-queue
source: { stream: in }
transform: { decode: json }
buffer: { maxAgeMs: 300 ms }
emitter: { type: firehose, deliveryStream: clicks }
deadLetters: { type: sqs, queueUrl: "https://sqs.eu-central-1.amazonaws.com/000000000000/dead.fifo" }
`),
    { env: {} },
    fromSources,
  );
  const connector = await startConnector(options);
  await expect.poll(() => connector.progress().recordsEmitted).toBe(2);
  await expect.poll(() => aws.sqs.messages("dead.fifo").length).toBe(1);
  await connector.stop();
  expect(aws.firehose.records("clicks").map(String)).toEqual(['{"n":1}\n', '{"n":2}\n']);
  const [{ body, groupId } = { body: "", groupId: "" }] = aws.sqs.messages("dead.fifo");
  expect(groupId).toBe("b");
  const letter: { readonly data: string; readonly errorCode: string } = JSON.parse(body);
  expect([letter.errorCode, Buffer.from(letter.data, "base64").toString()]).toEqual([
    "KC_RECORD_POISON",
    "not JSON",
  ]);
});

describe("validate, online", () => {
  const text = `version: 1
application: online
source: { stream: in, region: eu-central-1 }
emitter: { type: s3, bucket: clicks, format: { type: ndjson } }
deadLetters: { type: dynamodb, table: letters }
`;

  it("asks the destinations whether they would work, each at its place", async () => {
    await using aws = await startLocalAws({ s3: { buckets: ["clicks"] } });
    aws.kinesis.createStream({ name: "in", shardCount: 1 });
    pointTo(aws);
    const file = fileOf(text);
    expect(await validateWith(file, { env: {} }, fromSources)).toEqual([]);
    expect(aws.journal.entries()).toEqual([]);
    const problems = await validateWith(file, { env: {}, online: true }, fromSources);
    expect(problems.map((problem) => problemLine(problem).slice(file.length + 1))).toEqual([
      expect.stringMatching(/^5:16 deadLetters: cannot be used \(KC_EMIT_REFUSED\): .*letters/),
    ]);
    expect(aws.journal.entries().length).toBeGreaterThan(0);
  });

  it("asks the stream and the lease table, and creates neither", async () => {
    await using aws = await startLocalAws({ s3: { buckets: ["clicks"] } });
    pointTo(aws);
    const misspelt = text.replace(/deadLetters.*\n/, "leaseTable: lettters\n");
    const lines = async (file: string): Promise<readonly string[]> =>
      (await validateWith(file, { env: {}, online: true }, fromSources)).map((problem) =>
        problemLine(problem).slice(file.length + 1),
      );
    expect(await lines(fileOf(misspelt))).toEqual([
      expect.stringMatching(/^3:11 source\.stream: cannot be used \(KC_STREAM_MISSING\): .*create it/),
    ]);
    aws.kinesis.createStream({ name: "in", shardCount: 1 });
    // A lease table that is not there is created by the start: it is no fault.
    expect(await lines(fileOf(misspelt))).toEqual([]);
    const writes = aws.journal
      .entries()
      .filter(({ server, operation }) => server !== "s3" && /^(?:Create|Put|Update)/.test(operation));
    expect(writes).toEqual([]);
    aws.faults.add({
      operation: "DescribeTable",
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
      times: "always",
    });
    expect(await lines(fileOf(misspelt))).toEqual([
      expect.stringMatching(
        /^5:1 leaseTable: cannot be used \(KC_LEASE_TABLE\): .*allow dynamodb:DescribeTable/,
      ),
    ]);
  });

  it("takes a lease store whose table a start would create, and no other failure of it", async () => {
    const closed: string[] = [];
    const table = (message: string, code?: string): LeaseTable => ({
      ...memoryLeases().connect(),
      get: () =>
        Promise.reject(
          new KinesisConnectorError("KC_LEASE_TABLE", message, {
            cause: Object.assign(new Error("of the server"), code === undefined ? {} : { code }),
          }),
        ),
      close: () => void closed.push(message),
    });
    const postgres = "postgres://u@h/d";
    expect(await leaseStoreFault(table("gone", "42P01"), postgres)).toBeUndefined();
    expect(await leaseStoreFault(table("gone", "ER_NO_SUCH_TABLE"), "mysql://u@h/d")).toBeUndefined();
    expect(await leaseStoreFault(table("the leases in Redis are gone"), "redis://h")).toBeUndefined();
    expect(await leaseStoreFault(table("no right", "42501"), postgres)).toMatchObject({
      message: "no right",
    });
    const away = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const none = { ...table("away"), get: () => Promise.reject(away) };
    expect(await leaseStoreFault(none, postgres)).toMatchObject({
      code: "KC_LEASE_TABLE",
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\): is it running/),
    });
    expect(closed).toHaveLength(5);
  });
});
