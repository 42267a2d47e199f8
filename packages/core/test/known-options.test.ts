import { describe, expect, it } from "vitest";
import {
  notifying,
  checkOptions,
  definePipeline,
  type Emitter,
  json,
  nonEmptyText,
  type OptionNames,
  RecordBuffer,
  wholeNumber,
} from "../src/index.js";

interface Rows {
  readonly table: string;
  readonly maxRows?: number;
  readonly maxAgeMs?: number;
  readonly retry?: { readonly maxAttempts?: number };
}

const NAMES: OptionNames<Rows> = { table: true, maxRows: true, maxAgeMs: true, retry: { maxAttempts: true } };
const emitter: Emitter<unknown> = {
  capabilities: { duplicates: "possible", ordering: "none" },
  emit: () => Promise.resolve({ failed: [] }),
};
const refusal = (message: string): object =>
  expect.objectContaining({ code: "KC_OPTION_INVALID", message: expect.stringContaining(message) });
/** What only a caller without types can pass. */
const untyped = (options: unknown): never => options as never;

describe("options that there are none of", () => {
  it.each<[object, string]>([
    [{ tabel: "a" }, "rows has no option tabel: did you mean table?"],
    [{ Table: "a" }, "did you mean table?"],
    [{ maxAge: 1 }, "rows has no option maxAge: did you mean maxAgeMs?"],
    [{ maxRowss: 1 }, "did you mean maxRows?"],
    [{ retry: { maxAttemts: 1 } }, "rows has no option retry.maxAttemts: did you mean retry.maxAttempts?"],
    [{ colour: 1 }, "rows has no option colour: there are table, maxRows, maxAgeMs, retry"],
    [{ retry: { colour: 1 } }, "rows has no option retry.colour: there are retry.maxAttempts"],
    [{ constructor: 1 }, "rows has no option constructor"],
    [{ tabel: undefined }, "did you mean table?"],
  ])("%j are refused by name", (given, message) => {
    expect(() => checkOptions("rows", untyped(given), NAMES)).toThrow(refusal(message));
  });

  it.each<[string, readonly string[], string]>([
    ["maxByte", ["maxBuffer", "maxBytes"], "did you mean maxBytes?"],
    ["keys", ["key", "keysOf"], "did you mean key?"],
    ["mapper", ["mopped", "mapped"], "did you mean mapped?"],
    ["max", ["min", "maxRows", "maxBytes"], "did you mean maxRows or maxBytes?"],
    ["consumer", ["consumerName", "consumerArn"], "did you mean consumerName or consumerArn?"],
  ])("%s: what is nearest was meant, and all that go on where it ends", (given, names, message) => {
    const known = Object.fromEntries(names.map((name) => [name, true as const]));
    expect(() => checkOptions("rows", untyped({ [given]: 1 }), known)).toThrow(refusal(message));
  });

  it("are what is no object at all", () => {
    for (const [given, message] of [
      [undefined, "rows takes its options as one object, but was given undefined"],
      [null, "given null"],
      ["orders", "given a string"],
      [[{ table: "a" }], "given an array"],
      [Promise.resolve({ table: "a" }), "rows was given a promise of its options: await it"],
    ] as const)
      expect(() => checkOptions("rows", untyped(given), NAMES)).toThrow(refusal(message));
  });

  it("are not those that there are, with or without a value", () => {
    expect(() => checkOptions("rows", { table: "a", retry: { maxAttempts: 2 } }, NAMES)).not.toThrow();
    expect(() => checkOptions("rows", untyped({ table: "a", maxRows: undefined }), NAMES)).not.toThrow();
  });

  it.each<[string, () => unknown, string]>([
    ["filtr", () => definePipeline(untyped({ transformer: json(), emitter, filtr: () => true })), "filter"],
    [
      "deadLetter",
      () => definePipeline(untyped({ transformer: json(), emitter, deadLetter: emitter })),
      "deadLetters",
    ],
    [
      "maxAge",
      () => definePipeline(untyped({ transformer: json(), emitter, buffer: { maxAge: 1 } })),
      "buffer.maxAgeMs",
    ],
    [
      "attempts",
      () => definePipeline(untyped({ transformer: json(), emitter, retry: { maxAttempt: 1 } })),
      "retry.maxAttempts",
    ],
    ["number", () => json(untyped({ number: "exact" })), "numbers"],
    ["maxRecord", () => new RecordBuffer(untyped({ maxRecord: 1 })), "maxRecords"],
    [
      "notification",
      () => notifying(untyped({ emitter, to: emitter, notification: () => [] })),
      "notifications",
    ],
  ])("as %s are refused where pipelines are put together", (_name, define, meant) => {
    expect(define).toThrow(refusal(`did you mean ${meant}?`));
  });

  it("are told from those that are missing", () => {
    expect(() => nonEmptyText("bucket", untyped(undefined))).toThrow(refusal("bucket is missing"));
    expect(() => wholeNumber("port", untyped(undefined), { min: 1 })).toThrow(refusal("port is missing"));
    expect(() => definePipeline(untyped({ transformer: json() }))).toThrow(refusal("emitter is missing"));
    expect(() => definePipeline(untyped({ emitter }))).toThrow(
      refusal("transformer is missing: definePipeline needs it"),
    );
    expect(() => definePipeline(untyped({ transformer: Promise.resolve(json()), emitter }))).toThrow(
      refusal("transformer is a promise: await it"),
    );
  });
});
