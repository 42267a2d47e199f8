import { expectTypeOf, it } from "vitest";
import type { FirehoseConfig } from "../src/config.js";
import type { FirehoseEmitterOptions } from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type Forgotten<Config> = Exclude<keyof FirehoseEmitterOptions<unknown>, keyof Config | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<FirehoseConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<FirehoseConfig, "delimiter">>>().toEqualTypeOf<"delimiter">();
});
