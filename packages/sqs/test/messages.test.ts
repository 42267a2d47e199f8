import { readFileSync } from "node:fs";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Batch, silentLogger } from "@kinesis-connectors/core";
import { sqsEmitter } from "@kinesis-connectors/sqs";
import { deliver, failureFrom, virtualClock } from "@kinesis-connectors/testkit";
import { describe, expect, it } from "vitest";
import { batchOf, startTarget } from "./support.js";

/** Options as a program without types would give them. */
const untyped = (options: unknown) => options as { queueUrl: string };
const opening = { signal: new AbortController().signal, logger: silentLogger };

describe("a FIFO queue", () => {
  it("has each message once within five minutes, whoever sends it, and twice after that", async () => {
    const clock = virtualClock();
    await using target = await startTarget("target.fifo", clock);
    const batch = batchOf(["a", "b"]);
    await deliver(target.emitter<string>(), batch);
    await deliver(target.emitter<string>(), batchOf(["a", "b"]));
    expect(target.bodies()).toEqual(["a", "b"]);
    await clock.advance(5 * 60_000);
    await deliver(target.emitter<string>(), batch);
    expect(target.bodies()).toEqual(["a", "b", "a", "b"]);
  });

  it("tells outputs of one record apart, also when one of them is tried again alone", async () => {
    await using target = await startTarget("target.fifo");
    const [first, second] = batchOf(["a", "b"]).entries;
    if (first === undefined || second === undefined) throw new Error("two entries");
    const other = { ...second, record: first.record };
    const batch: Batch<string> = { ...batchOf(["a"]), entries: [first, other] };
    const emitter = target.emitter<string>();
    target.fault({ kind: "partial-failure", indexes: [0] }, { nth: 2 });
    const { failed } = await deliver(emitter, batch);
    expect(failed.map(({ entry }) => entry.output)).toEqual(["b"]);
    await deliver(emitter, { ...batch, entries: [other] });
    expect(target.bodies()).toEqual(["a", "b"]);
  });

  it("has equal bodies of two records twice; once where the content decides", async () => {
    await using target = await startTarget("target.fifo");
    await deliver(target.emitter<string>(), batchOf(["same", "same"]));
    expect(target.bodies()).toEqual(["same", "same"]);
    const queueUrl = target.aws.sqs.createQueue("content.fifo", { contentBasedDeduplication: true });
    await deliver(target.emitter<string>({ queueUrl, deduplication: "content" }), batchOf(["same", "same"]));
    expect(target.aws.sqs.messages("content.fifo")).toHaveLength(1);
  });

  it("keeps the order of a key behind a message that is refused; other keys go on", async () => {
    await using target = await startTarget("target.fifo");
    target.fault({ kind: "partial-failure", indexes: [0] }, { nth: 1 });
    const keys = ["a", "b", "a", "a", "b"];
    const emitter = target.emitter<string>();
    const keyed = batchOf(["a1", "b1", "a2", "a3", "b2"], (index) => keys[index] ?? "");
    const { failed } = await deliver(emitter, keyed);
    // What waits behind it was not refused, and is no dead letter with it.
    expect(failed.map(({ entry, isBehind }) => [entry.output, isBehind])).toEqual([
      ["a1", false],
      ["a2", true],
      ["a3", true],
    ]);
    const again = failed.map(({ entry }) => entry);
    await deliver(emitter, { ...keyed, entries: again });
    const of = (key: string) => target.messages().filter(({ groupId }) => groupId === key);
    expect(of("a").map(({ body }) => body)).toEqual(["a1", "a2", "a3"]);
    expect(of("b").map(({ body }) => body)).toEqual(["b1", "b2"]);
    expect(failed.length).toBeGreaterThan(0);
  });

  it("has groups for keys that SQS takes no group of: their SHA-256", async () => {
    await using target = await startTarget("target.fifo");
    const keys = ["plain:1", "mit Leerzeichen", "ü", "k".repeat(256)];
    await deliver(
      target.emitter<string>(),
      batchOf(["a", "b", "c", "d"], (index) => keys[index] ?? ""),
    );
    const groups = target.messages().map(({ groupId }) => groupId);
    expect(groups[0]).toBe("plain:1");
    for (const group of groups.slice(1)) expect(group).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(groups).size).toBe(4);
  });
});

describe("bodies and attributes", () => {
  it("are dead letters where SQS would never take them, and the rest goes on", async () => {
    await using target = await startTarget("target");
    const outputs = [Uint8Array.of(0xff), "bell \u0007", "\ufffe", "", "\ud800", "fine \t\n\r 😀"];
    const { failed } = await deliver(target.emitter(), batchOf<unknown>(outputs));
    expect(failed.map(({ action }) => action)).toEqual(Array.from({ length: 5 }, () => "dead-letter"));
    expect(target.bodies()).toEqual(["fine \t\n\r 😀"]);
  });

  it("travel as base64 on request, and an attribute says so", async () => {
    await using target = await startTarget("target");
    const emitter = target.emitter({ unsendable: "base64" });
    await deliver(emitter, batchOf<unknown>([Uint8Array.of(0xff, 0), "bell \u0007", "text"]));
    expect(target.messages().map(({ body, attributes }) => [body, attributes])).toEqual([
      ["/wA=", { encoding: "base64" }],
      [Buffer.from("bell \u0007").toString("base64"), { encoding: "base64" }],
      ["text", {}],
    ]);
  });

  it("count together: a body of a MiB fits, and does not with an attribute", async () => {
    await using target = await startTarget("target");
    const body = "x".repeat(1024 * 1024);
    expect(await deliver(target.emitter<string>(), batchOf([body]))).toEqual({ failed: [] });
    const attributed = target.emitter<string>({ attributes: () => ({ kind: "order" }) });
    // Name 4, type 6, value 5.
    const { failed } = await deliver(attributed, batchOf([body.slice(14), body.slice(15)]));
    expect(failed.map(({ action, entry }) => [action, entry.output.length])).toEqual([
      ["dead-letter", body.length - 14],
    ]);
    expect(target.messages().at(-1)?.attributes).toEqual({ kind: "order" });
  });

  it("of names and values that SQS does not take are dead letters", async () => {
    await using target = await startTarget("target");
    const bad: Record<string, string>[] = [
      { "AWS.x": "a" },
      { "a..b": "a" },
      { "": "a" },
      { a: "" },
      { a: "\u0000" },
      Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, "b"])),
    ];
    const emitter = target.emitter<number>({
      encode: (output) => `${output}`,
      attributes: (output) => bad[output] ?? {},
    });
    const { failed } = await deliver(emitter, batchOf([0, 1, 2, 3, 4, 5, 6]));
    expect(failed.map(({ action, entry }) => [action, entry.output])).toEqual(
      [0, 1, 2, 3, 4, 5].map((output) => ["dead-letter", output]),
    );
    expect(target.bodies()).toEqual(["6"]);
  });
});

describe("a mistake stops the shard and names the cure", () => {
  it.each([
    ["QueueDoesNotExist", "`queueUrl` or `region`"],
    ["AWS.SimpleQueueService.NonExistentQueue", "`queueUrl` or `region`"],
    ["AccessDeniedException", "sqs:SendMessage"],
    ["KmsAccessDenied", "KMS key"],
    ["UnrecognizedClientException", "credentials"],
  ])("%s", async (code, cure) => {
    await using target = await startTarget("target");
    target.fault({ kind: "error", status: 400, code, message: "secret" }, { times: "always" });
    expect(await failureFrom(deliver(target.emitter<string>(), batchOf(["a"])))).toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining(cure),
    });
  });

  it("a queue that there is none of, at the start; one without deduplication by content, with the first message", async () => {
    await using target = await startTarget("target.fifo");
    const none = target.queueUrl.replace("target", "none");
    await expect(target.emitter({ queueUrl: none }).open?.(opening)).rejects.toMatchObject({
      code: "KC_EMIT_REFUSED",
      message: expect.stringContaining("`queueUrl`"),
    });
    const emitter = target.emitter<string>({ deduplication: "content" });
    await emitter.open?.(opening);
    expect(await failureFrom(deliver(emitter, batchOf(["a"])))).toMatchObject({
      message: expect.stringContaining("ContentBasedDeduplication"),
    });
  });

  it.each([
    [{ queueUrl: "orders" }, "queueUrl"],
    [{ queueUrl: "arn:aws:sqs:eu-central-1:1:orders" }, "queueUrl"],
    [{ queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", deduplication: "position" }, "deduplication"],
    [{ queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", unsendable: "drop" }, "unsendable"],
    [{ queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", groupId: "g" }, "groupId"],
    [{ queueUrl: "https://sqs.eu-central-1.amazonaws.com/1/q", maxMessageBytes: 1 }, "maxMessageBytes"],
  ])("an option that cannot work: %j", (options, name) => {
    expect(() => sqsEmitter(untyped(options))).toThrow(name);
  });
});

it("an answer that is not for the messages that were sent is not believed", async () => {
  await using target = await startTarget("target");
  const client = new SQSClient(target.connection);
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      if (context.commandName === SendMessageBatchCommand.name)
        Object.assign(result.output, { Successful: [{ Id: "7" }] });
      return result;
    },
    { step: "initialize" },
  );
  const emitter = sqsEmitter<string>({ client, queueUrl: target.queueUrl });
  expect(String(await failureFrom(deliver(emitter, batchOf(["a"]))))).toContain("none of it is believed");
  client.destroy();
});

it("the shipped policy grants what the emitter calls and nothing else; its look may be refused", async () => {
  await using target = await startTarget("target");
  target.aws.faults.add({
    operation: "GetQueueAttributes",
    effect: { kind: "error", status: 400, code: "AccessDenied" },
  });
  const emitter = target.emitter<string>();
  await emitter.open?.(opening);
  await deliver(emitter, batchOf(["a"]));
  // SendMessageBatch has the right of SendMessage (service authorization reference).
  const called = target.aws.journal
    .entries()
    .map(({ operation }) => `sqs:${operation.replace("Batch", "")}`)
    .filter((right) => right !== "sqs:GetQueueAttributes");
  const policy = readFileSync(new URL("../iam/emitter-policy.json", import.meta.url), "utf8");
  expect(called).toEqual([...policy.matchAll(/"(sqs:[A-Z]\w+)"/g)].map(([, right]) => right));
});
