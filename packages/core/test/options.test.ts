import { describe, expect, it } from "vitest";
import {
  allowAll,
  definePipeline,
  type DeadLetter,
  type Emitter,
  json,
  nonEmptyText,
  type PipelineOptions,
  RecordBuffer,
  wholeNumber,
} from "../src/index.js";

const emitter: Emitter<unknown> = {
  capabilities: { duplicates: "possible", ordering: "none" },
  emit: () => Promise.resolve({ failed: [] }),
};
const deadLetters: Emitter<DeadLetter> = {
  capabilities: emitter.capabilities,
  emit: () => Promise.resolve({ failed: [] }),
};
const valid: PipelineOptions<unknown, unknown, undefined, undefined> = { transformer: json(), emitter };
const refusal = (message: string): object =>
  expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) });
/** What only a caller without types can pass. */
const untyped = (options: object): typeof valid => ({ ...valid, ...options });

describe("definePipeline", () => {
  it("fills in what is left out", () => {
    const pipeline = definePipeline(valid);
    expect(pipeline.filter).toBe(allowAll);
    expect(pipeline.onPoison).toBe("stop");
    expect(pipeline.transformTimeoutMs).toBe(30_000);
    expect(pipeline.createBuffer()).toBeInstanceOf(RecordBuffer);
    expect(definePipeline({ ...valid, deadLetters }).onPoison).toBe("dead-letter");
  });

  it.each([
    "buffer.maxRecords",
    "buffer.maxBytes",
    "buffer.maxAgeMs",
    "retry.maxAttempts",
    "retry.baseDelayMs",
    "retry.maxDelayMs",
    "transformTimeoutMs",
  ])("names %s when it is 0, negative, broken, NaN, Infinity or no number", (option) => {
    const [group, name] = option.split(".");
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "10"]) {
      const options = name === undefined ? { [group ?? ""]: value } : { [group ?? ""]: { [name]: value } };
      expect(() => definePipeline(untyped(options))).toThrow(refusal(option));
    }
  });

  it("takes no limit for maxRequestAttempts as Infinity, and names it for the rest", () => {
    expect(
      definePipeline({ ...valid, retry: { maxRequestAttempts: Number.POSITIVE_INFINITY } }).retry
        .maxRequestAttempts,
    ).toBe(Number.POSITIVE_INFINITY);
    for (const maxRequestAttempts of [0, -3, Number.NaN])
      expect(() => definePipeline({ ...valid, retry: { maxRequestAttempts } })).toThrow(
        refusal("retry.maxRequestAttempts"),
      );
  });

  it("refuses a maxDelayMs below the base", () => {
    expect(() => definePipeline({ ...valid, retry: { baseDelayMs: 500, maxDelayMs: 100 } })).toThrow(
      refusal("retry.maxDelayMs must be a whole number of at least 500, but is 100"),
    );
  });

  it.each([
    ["transformer is missing", { transformer: undefined }],
    ["transformer.fromModel", { transformer: { toModel: () => 1 } }],
    ["filter", { filter: "all" }],
    ["emitter is missing", { emitter: undefined }],
    ["emitter is a promise: await it", { emitter: Promise.resolve(emitter) }],
    ["emitter is a function", { emitter: () => emitter }],
    ["emitter.isWritten must be a function", { emitter: { ...emitter, isWritten: true } }],
    ["emitter.spill.load must be a function", { emitter: { ...emitter, spill: { store: () => undefined } } }],
    ["deadLetters.plan must be a function", { deadLetters: { ...emitter, plan: {} } }],
    ["logger.debug must be a function", { logger: { info: () => 0, warn: () => 0, error: () => 0 } }],
    ["logger must be a logger", { logger: "console" }],
    ["buffer must return a buffer, but what it returned has no function fits", { buffer: () => ({}) }],
    ["emitter.emit", { emitter: {} }],
    ["deadLetters.emit", { deadLetters: {} }],
    ["onPoison", { onPoison: "skip" }],
    ["deadLetters", { onPoison: "dead-letter" }],
  ])("names %s when it is missing or of the wrong kind", (option, options) => {
    expect(() => definePipeline(untyped(options))).toThrow(refusal(option));
  });

  it("makes an own buffer once per shard, and once to see that it can be made", () => {
    let made = 0;
    const pipeline = definePipeline({
      ...valid,
      buffer: () => {
        made += 1;
        return new RecordBuffer();
      },
    });
    expect(made).toBe(1);
    expect(pipeline.createBuffer()).not.toBe(pipeline.createBuffer());
    expect(made).toBe(3);
  });
});

describe("option checks", () => {
  it("name the option, what it takes and what it got", () => {
    expect(() => wholeNumber("shards", 0, { min: 1, max: 5 })).toThrow(
      "shards must be a whole number from 1 to 5, but is 0",
    );
    expect(wholeNumber("shards", 5, { min: 1, max: 5 })).toBe(5);
    expect(nonEmptyText("stream", "orders")).toBe("orders");
    for (const value of ["", " ", "orders ", "\n"])
      expect(() => nonEmptyText("stream", value)).toThrow(
        refusal("stream must be a text without blanks around it"),
      );
  });
});
