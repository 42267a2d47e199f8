import { describe, expect, it } from "vitest";
import { delimited, ndjson, raw, s3DeadLetters, s3Emitter, timePartition } from "../src/index.js";

/** What only a caller without types can pass. */
const untyped = (options: object): never => options as never;

describe("options that there are none of", () => {
  it.each<[string, () => unknown, string]>([
    ["s3Emitter", () => s3Emitter(untyped({ bucket: "b", format: ndjson(), prefx: "p" })), "prefix"],
    ["s3Emitter", () => s3Emitter(untyped({ bucket: "b", format: ndjson(), maxAge: 1 })), "maxAgeMs"],
    ["s3DeadLetters", () => s3DeadLetters(untyped({ bucket: "b", compresion: 1 })), "compression"],
    ["delimited", () => delimited(untyped({ columns: ["a"], delimeter: ";" })), "delimiter"],
    ["raw", () => raw(untyped({ seperator: "" })), "separator"],
    ["timePartition", () => timePartition(untyped({ zones: "UTC" })), "zone"],
  ])("%s refuses them, and says which one was meant", (factory, make, meant) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^${factory} has no option .* did you mean ${meant}\\?$`)),
      }),
    );
  });
});
