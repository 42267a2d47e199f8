import { describe, expect, test } from "vitest";

import type { InvocationContext, KinesisEvent, KinesisEventRecord } from "../src/index.js";
import { STREAM_ARN } from "./support/fake-stream.js";
import { context, createFunction, S0 } from "./support/function.js";

const record = (number: number, kinesis: object = {}, more: object = {}): KinesisEventRecord => ({
  eventID: `${S0}:${100 + number}`,
  eventSourceARN: STREAM_ARN,
  ...more,
  kinesis: {
    sequenceNumber: `${100 + number}`,
    partitionKey: "k",
    data: Buffer.from(`${number}`).toString("base64"),
    approximateArrivalTimestamp: 1_767_225_600.1,
    ...kinesis,
  },
});

describe("an event that no mapping of a stream gives is refused, and nothing of it lands", () => {
  test.each<readonly [string, unknown, string]>([
    ["nothing", null, "no Records"],
    ["a record that is none", { Records: [null] }, "no kinesis.sequenceNumber"],
    ["an eventID without a shard", { Records: [record(1, {}, { eventID: "101" })] }, "<shard id>"],
    ["a shard without a name", { Records: [record(1, {}, { eventID: ":101" })] }, "<shard id>"],
    ["a sequence number that is none", { Records: [record(1, { sequenceNumber: "x1" })] }, "whole number"],
    ["no data", { Records: [record(1, { data: undefined })] }, "kinesis.data"],
    ["data that a middleware decoded", { Records: [record(1, { data: { id: 1 } })] }, "middleware"],
    ["data that is text already", { Records: [record(1, { data: "hello, world" })] }, "no base64"],
    ["no time of arrival", { Records: [record(1, { approximateArrivalTimestamp: undefined })] }, "Arrival"],
    ["no ARN", { Records: [record(1, {}, { eventSourceARN: undefined })] }, "eventSourceARN"],
    ["records in another order", { Records: [record(1), record(3), record(2)] }, "after record 103"],
    ["a record twice", { Records: [record(1), record(2), record(2)] }, "aggregates not taken apart"],
    [
      "a good record before a bad one",
      { Records: [record(1), { eventID: "m", body: "{}" }] },
      "sequenceNumber",
    ],
  ])("%s", async (_, event, said) => {
    const { handler, texts, leases } = createFunction();
    await expect(handler(event as KinesisEvent, context())).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining(said),
    });
    expect(texts()).toEqual([]);
    expect(leases.rows.size).toBe(0);
  });

  test("and the error shows nothing of the data", async () => {
    const { handler } = createFunction();
    const event = { Records: [record(1, { data: "my secret" })] };
    await expect(handler(event, context())).rejects.toMatchObject({
      message: expect.not.stringContaining("secret"),
    });
  });
});

describe("a context that is not Lambda's is refused before anything is written", () => {
  test.each<readonly [string, unknown, string]>([
    ["none", undefined, "getRemainingTimeInMillis"],
    ["one without a time", { ...context(), getRemainingTimeInMillis: undefined }, "getRemainingTimeInMillis"],
    [
      "one whose time is no number",
      { ...context(), getRemainingTimeInMillis: () => Number.NaN },
      "gives NaN",
    ],
    ["one without a request", { ...context(), awsRequestId: undefined }, "awsRequestId"],
    ["one without a function", { ...context(), invokedFunctionArn: undefined }, "invokedFunctionArn"],
  ])("%s", async (_, given, said) => {
    const { handler, texts } = createFunction();
    await expect(handler({ Records: [record(1)] }, given as InvocationContext)).rejects.toMatchObject({
      code: "KC_OPTION_INVALID",
      message: expect.stringContaining(said),
    });
    expect(texts()).toEqual([]);
  });
});
