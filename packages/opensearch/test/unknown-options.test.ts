import { describe, expect, it } from "vitest";
import { openSearchEmitter } from "../src/index.js";

/** What only a caller without types can pass. */
const untyped = (options: object): never => options as never;

describe("options that there are none of", () => {
  it.each<[string, () => unknown, string]>([
    ["openSearchEmitter", () => openSearchEmitter(untyped({ nodes: "https://n", index: "i" })), "node"],
    [
      "openSearchEmitter",
      () => openSearchEmitter(untyped({ node: "https://n", index: "i", aws: { regin: "x" } })),
      "aws.region",
    ],
  ])("%s refuses them, and says which one was meant", (factory, make, meant) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^${factory} has no option .* did you mean ${meant}\\?$`)),
      }),
    );
  });
});
