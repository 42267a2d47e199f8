import { expectTypeOf, it } from "vitest";
import type { RedshiftObjectsConfig, RedshiftRowsConfig } from "../src/config.js";
import type { RedshiftEmitterOptions, RedshiftManifestEmitterOptions, StagingOptions } from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type Forgotten<Options, Config> = Exclude<keyof Options, keyof Config | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<RedshiftEmitterOptions<unknown>, RedshiftRowsConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<RedshiftManifestEmitterOptions, RedshiftObjectsConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<StagingOptions, RedshiftRowsConfig["staging"]>>().toEqualTypeOf<never>();
  expectTypeOf<
    Forgotten<RedshiftEmitterOptions<unknown>, Omit<RedshiftRowsConfig, "mergeKeys">>
  >().toEqualTypeOf<"mergeKeys">();
});
