import { expectTypeOf, it } from "vitest";
import type { DynamoDbConfig } from "../src/config.js";
import type { DynamoDbEmitterOptions } from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type KeysOf<Options> = Options extends unknown ? keyof Options : never;
type Without<Config, Key extends string> = Config extends unknown ? Omit<Config, Key> : never;
type Forgotten<Config> = Exclude<KeysOf<DynamoDbEmitterOptions<unknown>>, KeysOf<Config> | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<DynamoDbConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Without<DynamoDbConfig, "table">>>().toEqualTypeOf<"table">();
});
