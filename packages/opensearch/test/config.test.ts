import { expect, expectTypeOf, it } from "vitest";
import { type AuthConfig, type AwsSigningConfig, create, type OpenSearchConfig } from "../src/config.js";
import type { AwsSigning, OpenSearchEmitterOptions } from "../src/index.js";

type Options = OpenSearchEmitterOptions<object>;
type Forgotten<Config> = Exclude<keyof Options, keyof Config>;

it("every option is in the configuration", () => {
  expectTypeOf<Forgotten<OpenSearchConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Exclude<keyof AwsSigning, keyof AwsSigningConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Exclude<keyof NonNullable<Options["auth"]>, keyof AuthConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<OpenSearchConfig, "operation">>>().toEqualTypeOf<"operation">();
});

it("ids may be left to the service", async () => {
  const context = { functionOf: () => Promise.reject(new Error("no module is named")) };
  const config = { type: "opensearch", node: "https://search.example", index: "clicks" };
  const duplicates = async (options: object) =>
    (await create({ ...config, ...options }, context as never)).capabilities.duplicates;
  expect(await duplicates({ id: "auto" })).toBe("possible");
  expect(await duplicates({})).toBe("none");
  expect(await duplicates({ id: { path: "page" } })).toBe("none");
});
