import { readFileSync } from "node:fs";
import { FirehoseClient, PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import { silentLogger } from "@kinesis-connectors/core";
import { firehoseEmitter } from "@kinesis-connectors/firehose";
import { deliver, failureFrom } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { batchOf, startTarget } from "./support.js";

/** Options as a program without types would give them. */
const untyped = (options: unknown) => options as { deliveryStream: string };
const opening = { signal: new AbortController().signal, logger: silentLogger };

describe("records in a delivery stream", () => {
  it("are JSON, texts or bytes, each with a line feed behind it", async () => {
    await using target = await startTarget();
    const emitter = target.emitter();
    await deliver(emitter, batchOf<unknown>([{ id: 1 }, "zwei €", Uint8Array.of(0xff, 0x00)]));
    expect(target.aws.firehose.records("target")).toEqual([
      Buffer.from('{"id":1}\n'),
      Buffer.from("zwei €\n"),
      Buffer.from([0xff, 0x00, 0x0a]),
    ]);
  });

  it("are what encode and delimiter say", async () => {
    await using target = await startTarget();
    const emitter = target.emitter<number>({ encode: (output) => `<${output}>`, delimiter: "\r\n" });
    await deliver(emitter, batchOf([1, 2]));
    expect(target.texts()).toEqual(["<1>\r\n", "<2>\r\n"]);
  });

  it("are dead letters where Firehose would never take them, and the rest goes on", async () => {
    await using target = await startTarget();
    const emitter = target.emitter<string>({ delimiter: "" });
    const { failed } = await deliver(
      emitter,
      batchOf(["", "a", "x".repeat(1_024_001), "\ud800", "x".repeat(1_024_000)]),
    );
    expect(failed.map(({ action, entry }) => [action, entry.output.length])).toEqual([
      ["dead-letter", 0],
      ["dead-letter", 1_024_001],
      ["dead-letter", 1],
    ]);
    expect(target.texts().map(({ length }) => length)).toEqual([1, 1_024_000]);
  });

  it("go again alone when they are refused, by their places", async () => {
    await using target = await startTarget();
    target.fault({ kind: "partial-failure", indexes: [1, 3] });
    const { failed } = await deliver(target.emitter<string>(), batchOf(["a", "b", "c", "d"]));
    expect(failed.map(({ action, entry, error }) => [action, entry.output, error.name])).toEqual([
      ["retry", "b", "ServiceUnavailableException"],
      ["retry", "d", "ServiceUnavailableException"],
    ]);
    expect(target.texts()).toEqual(["a\n", "c\n"]);
  });
});

describe("a mistake stops the shard and names the cure", () => {
  it.each([
    ["ResourceNotFoundException", "`deliveryStream` or `region`"],
    ["AccessDeniedException", "firehose:PutRecordBatch"],
    ["InvalidSourceException", "Direct PUT"],
    ["InvalidKMSResourceException", "KMS key"],
    ["UnrecognizedClientException", "credentials"],
  ])("%s", async (code, cure) => {
    await using target = await startTarget();
    target.fault({ kind: "error", status: 400, code, message: "secret" }, { times: "always" });
    expect(await failureFrom(deliver(target.emitter<string>(), batchOf(["a"])))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure),
    });
  });

  it("a name that there is none of, at the start; a stream that reads Kinesis itself, with the first put", async () => {
    await using target = await startTarget();
    await expect(target.emitter({ deliveryStream: "none" }).open?.(opening)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("`deliveryStream`"),
    });
    target.aws.firehose.createDeliveryStream("reads", "KinesisStreamAsSource");
    const emitter = target.emitter<string>({ deliveryStream: "reads" });
    await emitter.open?.(opening);
    expect(await failureFrom(deliver(emitter, batchOf(["a"])))).toMatchObject({
      message: expect.stringContaining("Direct PUT"),
    });
  });

  it.each([
    [{ deliveryStream: "arn:aws:firehose:eu-central-1:1:deliverystream/x" }, "deliveryStream"],
    [{ deliveryStream: "a", delimiter: 5 }, "delimiter"],
    [{ deliveryStream: "a", encode: "json" }, "encode"],
  ])("an option that cannot work: %j", (options, name) => {
    expect(() => firehoseEmitter(untyped(options))).toThrow(name);
  });
});

it("an answer that is not for the records that were put is not believed", async () => {
  await using target = await startTarget();
  const client = new FirehoseClient(target.connection);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (context.commandName === PutRecordBatchCommand.name)
        Object.assign(result.output, { RequestResponses: [] });
      return result;
    },
    { step: "initialize" },
  );
  const emitter = firehoseEmitter<string>({ client, deliveryStream: "target" });
  expect(String(await failureFrom(deliver(emitter, batchOf(["a"]))))).toContain("none of it is believed");
  client.destroy();
});

it("the shipped policy grants what the emitter calls and nothing else; its look may be refused", async () => {
  await using target = await startTarget();
  target.aws.faults.add({
    operation: "DescribeDeliveryStream",
    effect: { kind: "error", status: 400, code: "AccessDeniedException" },
  });
  const emitter = target.emitter<string>();
  await emitter.open?.(opening);
  await deliver(emitter, batchOf(["a"]));
  const called = target.aws.journal
    .entries()
    .map(({ operation }) => `firehose:${operation}`)
    .filter((right) => right !== "firehose:DescribeDeliveryStream");
  const policy = readFileSync(new URL("../iam/emitter-policy.json", import.meta.url), "utf8");
  expect(called).toEqual([...policy.matchAll(/"(firehose:[A-Z]\w+)"/g)].map(([, right]) => right));
});
