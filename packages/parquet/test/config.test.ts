import { expectTypeOf, it } from "vitest";
import type { ParquetConfig } from "../src/config.js";
import type { ParquetOptions } from "../src/index.js";

type KeysOf<Options> = Options extends unknown ? keyof Options : never;
type Forgotten<Config> = Exclude<KeysOf<ParquetOptions<unknown>>, KeysOf<Config>>;

it("every option is in the configuration", () => {
  expectTypeOf<Forgotten<ParquetConfig>>().toEqualTypeOf<never>();
});
