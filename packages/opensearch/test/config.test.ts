import { expectTypeOf, it } from "vitest";
import type { AuthConfig, AwsSigningConfig, OpenSearchConfig } from "../src/config.js";
import type { AwsSigning, OpenSearchEmitterOptions } from "../src/index.js";

type Options = OpenSearchEmitterOptions<object>;
type Forgotten<Config> = Exclude<keyof Options, keyof Config>;

it("every option is in the configuration", () => {
  expectTypeOf<Forgotten<OpenSearchConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Exclude<keyof AwsSigning, keyof AwsSigningConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Exclude<keyof NonNullable<Options["auth"]>, keyof AuthConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<OpenSearchConfig, "operation">>>().toEqualTypeOf<"operation">();
});
