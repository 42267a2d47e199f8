import { expectTypeOf, it } from "vitest";
import type { SqsConfig } from "../src/config.js";
import type { SqsEmitterOptions } from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type Forgotten<Config> = Exclude<keyof SqsEmitterOptions<unknown>, keyof Config | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<SqsConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<SqsConfig, "unsendable">>>().toEqualTypeOf<"unsendable">();
});
