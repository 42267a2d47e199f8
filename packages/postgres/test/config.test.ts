import { expectTypeOf, it } from "vitest";
import type { PostgresConfig, PostgresConnectionConfig, UpsertConfig } from "../src/config.js";
import type {
  PostgresConnectionOptions,
  PostgresEmitterOptions,
  PostgresTlsOptions,
  UpsertOptions,
} from "../src/index.js";

type Forgotten<Options, Config> = Exclude<keyof Options, keyof Config>;
type Row = Readonly<Record<string, unknown>>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<PostgresEmitterOptions<Row>, PostgresConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<PostgresConnectionOptions, PostgresConnectionConfig>>().toEqualTypeOf<never>();
  expectTypeOf<
    Forgotten<PostgresTlsOptions, Exclude<PostgresConnectionConfig["tls"], boolean | undefined>>
  >().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<UpsertOptions<Row>, UpsertConfig>>().toEqualTypeOf<never>();
});
