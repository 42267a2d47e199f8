import { describe, expect, it } from "vitest";
import { parquet } from "../src/index.js";

/** What only a caller without types can pass. */
const untyped = (options: object): never => options as never;

describe("options that there are none of", () => {
  it.each<[string, () => unknown, string]>([
    ["parquet", () => parquet(untyped({ schemas: { id: "int64" } })), "schema"],
    ["parquet", () => parquet(untyped({ infer: true, evolutoin: "full" })), "evolution"],
  ])("%s refuses them, and says which one was meant", (factory, make, meant) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: "KC_OPTION_INVALID",
        message: expect.stringMatching(new RegExp(`^${factory} has no option .* did you mean ${meant}\\?$`)),
      }),
    );
  });
});
