import { expectTypeOf, it } from "vitest";
import type { KinesisConfig } from "../src/config.js";
import type { KinesisEmitterOptions } from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type Forgotten<Config> = Exclude<keyof KinesisEmitterOptions<unknown>, keyof Config | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<KinesisConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<Omit<KinesisConfig, "ordering">>>().toEqualTypeOf<"ordering">();
});
