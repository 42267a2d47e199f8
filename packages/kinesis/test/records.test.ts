import { describe, expect, it } from "vitest";
import { ExactNumber } from "@kinesis-connectors/core";
import type { KinesisEmitterOptions, SourcePosition } from "@kinesis-connectors/kinesis";
import { deliver } from "@kinesis-connectors/testkit";
import { batchOf, type Given, type LandedRecord, startTarget } from "./support.js";

/** What came of one output: what landed, and why it did not. */
interface Outcome {
  readonly landed: readonly LandedRecord[];
  readonly refused: readonly string[];
}

async function outcomeOf<Output>(
  output: Output,
  options: Partial<KinesisEmitterOptions<Output>> = {},
  record: Given<Output>["record"] = {},
): Promise<Outcome> {
  await using target = await startTarget();
  const { failed } = await deliver(target.emitter(options), batchOf([{ output, record }]));
  const refused = failed.map(({ action, error }) => `${action} ${error.name}: ${error.message}`);
  return { landed: target.landed(), refused };
}

/** The record that landed of one output. */
async function landedOf<Output>(
  output: Output,
  options: Partial<KinesisEmitterOptions<Output>> = {},
  record: Given<Output>["record"] = {},
): Promise<LandedRecord> {
  const { landed, refused } = await outcomeOf(output, options, record);
  const [first] = landed;
  if (first === undefined || landed.length > 1)
    throw new Error(`landed: ${landed.length}; ${refused.join()}`);
  return first;
}

const loop: Record<string, unknown> = {};
loop["self"] = loop;

describe("what is put", () => {
  it.each<[string, unknown, string]>([
    ["bytes as they are", Uint8Array.of(0x68, 0x69), "hi"],
    ["an empty record", new Uint8Array(0), ""],
    ["a text in UTF-8", "grüße", "grüße"],
    ["an object as JSON", { a: [1, "ü"] }, '{"a":[1,"ü"]}'],
    ["null as JSON", null, "null"],
    [
      "numbers as JSON, digit for digit",
      { id: 2n ** 64n, price: new ExactNumber("100000000000000000000.5") },
      '{"id":18446744073709551616,"price":100000000000000000000.5}',
    ],
  ])("%s", async (_name, output, text) => {
    expect(await landedOf(output)).toMatchObject({ text, partitionKey: "key-0" });
  });

  it("its own bytes and key, as the caller makes them", async () => {
    const landed = await landedOf(
      { id: 7 },
      {
        data: ({ id }, record) => `${id}@${record.sequenceNumber}`,
        partitionKey: ({ id }) => `id-${id}`,
      },
    );
    expect(landed).toMatchObject({ text: "7@49600000000000", partitionKey: "id-7" });
  });

  it("the explicit hash key of the source goes along with the partition key of the source only", async () => {
    const last = (2n ** 128n - 1n).toString();
    const shardOf = async (options: Partial<KinesisEmitterOptions<string>>, explicitHashKey?: string) => {
      const { shardId } = await landedOf("x", options, { partitionKey: "b", explicitHashKey });
      return shardId.slice(-1);
    };
    // The hash of "a" and of "b" lies in the first half.
    expect(await shardOf({ partitionKey: () => "a" })).toBe("0");
    expect(await shardOf({}, last)).toBe("1");
    expect(await shardOf({ partitionKey: () => "a" }, last)).toBe("0");
    expect(await shardOf({ partitionKey: () => "a", explicitHashKey: () => last })).toBe("1");
  });

  it("the source position, in the field that is named", async () => {
    const landed = await landedOf({ total: 1 }, { positionField: "source" }, { subSequenceNumber: 3 });
    const source: SourcePosition = {
      stream: "orders",
      shardId: "shardId-000000000003",
      sequenceNumber: "49600000000000",
      subSequenceNumber: 3,
    };
    expect(landed).toMatchObject({ text: JSON.stringify({ total: 1, source }) });
    const empty = await landedOf({}, { positionField: 'a "quoted" name' });
    expect(empty).toMatchObject({ text: expect.stringMatching(/^\{"a \\"quoted\\" name":\{"stream"/) });
  });

  it.each<[string, unknown, object, string]>([
    ["what JSON has no form for", undefined, {}, "undefined"],
    ["what JSON cannot write", loop, {}, "circular"],
    ["half a character in a text", "a\ud800", {}, "half a surrogate pair"],
    ["half a character in own data", "a", { data: () => "\udc00" }, "half a surrogate pair"],
    ["an empty partition key", "a", { partitionKey: () => "" }, "0 characters"],
    ["a partition key of 257 characters", "a", { partitionKey: () => "ü".repeat(257) }, "257 characters"],
    ["a partition key that is no text", "a", { partitionKey: () => 7 }, "number"],
    ["half a character in a key", "a", { partitionKey: () => "\ud800" }, "Unicode"],
    ["a hash key past 2^128", "a", { explicitHashKey: () => (2n ** 128n).toString() }, "explicitHashKey"],
    ["a hash key that is no text", "a", { explicitHashKey: () => 5 }, "explicitHashKey"],
    ["data that is neither bytes nor text", "a", { data: () => ({}) }, "object"],
    ["a position in bytes", new Uint8Array(2), { positionField: "p" }, "JSON objects only"],
    ["a position in an array", [1], { positionField: "p" }, "JSON objects only"],
    ["a position where the field exists", { p: 1 }, { positionField: "p" }, "choose another name"],
  ])("%s is a dead letter", async (_name, output, options, message) => {
    const { landed, refused } = await outcomeOf(output, options);
    expect(landed).toEqual([]);
    expect(refused).toEqual([expect.stringMatching(/^dead-letter KinesisConnectorError: /)]);
    expect(refused[0]).toContain(message);
  });

  it("128 characters outside of the basic plane are a partition key", async () => {
    const partitionKey = "😀".repeat(128);
    expect(await landedOf("a", { partitionKey: () => partitionKey })).toMatchObject({ partitionKey });
    const { refused } = await outcomeOf("a", { partitionKey: () => `${partitionKey}a` });
    expect(refused).toEqual([expect.stringContaining("257 characters")]);
  });

  it("a function of the caller that throws makes a dead letter of its record alone", async () => {
    await using target = await startTarget();
    const emitter = target.emitter<string>({
      partitionKey: (output) => {
        if (output === "bad") throw new TypeError("no id");
        return output;
      },
    });
    const { failed } = await deliver(emitter, batchOf(["a", "bad", "b"].map((output) => ({ output }))));
    expect(failed.map(({ entry, error }) => [entry.output, error.message])).toEqual([["bad", "no id"]]);
    expect(target.texts().toSorted()).toEqual(["a", "b"]);
  });
});
