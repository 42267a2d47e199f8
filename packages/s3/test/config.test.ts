import { batchOf } from "@kinesis-connectors/testkit";
import { describe, expect, expectTypeOf, it } from "vitest";
import { invalidOption } from "@kinesis-connectors/core";
import type { ConfigContext } from "@kinesis-connectors/core/config";
import { create, notifications, type S3Config, type S3DeadLettersConfig } from "../src/config.js";
import type {
  DelimitedOptions,
  S3EmitterOptions,
  S3ObjectOptions,
  TimePartitionOptions,
} from "../src/index.js";
import type { DelimitedConfig, TimeFoldersOptions } from "../src/config.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type KeysOf<Options> = Options extends unknown ? keyof Options : never;
type Forgotten<Options, Config, Code = never> = Exclude<KeysOf<Options>, KeysOf<Config> | Code>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<S3EmitterOptions<unknown>, S3Config, CodeOnly>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<S3ObjectOptions, S3DeadLettersConfig, CodeOnly>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<DelimitedOptions<never>, DelimitedConfig>>().toEqualTypeOf<never>();
  expectTypeOf<
    Forgotten<TimePartitionOptions<unknown, { readonly [name: string]: string }>, TimeFoldersOptions>
  >().toEqualTypeOf<never>();
  // One that is left out is named.
  expectTypeOf<
    Forgotten<S3EmitterOptions<unknown>, Omit<S3Config, "prefix">, CodeOnly>
  >().toEqualTypeOf<"prefix">();
});

const context: ConfigContext = {
  functionOf: () => Promise.reject(invalidOption("module is not there")),
  part: () => Promise.reject(invalidOption("type is not installed")),
};
const common = { type: "s3", bucket: "clicks", region: "eu-central-1" };

async function keysOf(config: Parameters<typeof create>[0], outputs: readonly unknown[]): Promise<string[]> {
  const emitter = await create(config, context);
  const plan = emitter.plan?.(batchOf(outputs));
  await emitter.close?.();
  return plan?.places.map(({ key }) => key) ?? [];
}

describe("a configuration makes the emitter that its options say", () => {
  it("with prefix, format and compression in the key", async () => {
    const [key] = await keysOf(
      { ...common, prefix: "archive", format: { type: "ndjson" }, compression: { type: "gzip", level: 9 } },
      [{ n: 1 }],
    );
    expect(key).toMatch(/^archive\/2026\/03\/29\/00\/shardId-000000000003\/.*\.ndjson\.gz$/);
  });

  it("with folders by fields and by time, outermost first", async () => {
    const keys = await keysOf(
      {
        ...common,
        format: { type: "delimited", columns: ["country"], delimiter: "\t" },
        partition: [
          { name: "country", path: "user.country", missing: "none" },
          { time: { by: "at", pattern: { day: "yyyy-MM-dd" } } },
        ],
      },
      [{ user: { country: "AT" }, at: "2026-11-29T23:00:00Z" }, { at: "2026-11-28T01:00:00+02:00" }],
    );
    expect(keys.map((key) => key.split("/").slice(0, 2).join("/")).sort()).toEqual([
      "country=AT/day=2026-11-29",
      "country=none/day=2026-11-27",
    ]);
    expect(keys.every((key) => key.endsWith(".tsv"))).toBe(true);
  });

  it("and a path that would lead to the engine's own objects is refused", async () => {
    await expect(
      create(
        {
          ...common,
          format: { type: "ndjson" },
          partition: [{ name: "a", path: "constructor.prototype.x" }],
        },
        context,
      ),
    ).rejects.toThrow("partition.0.path must not have __proto__, constructor or prototype in it");
  });
});

it("what is announced are the URLs of the objects", () => {
  const plan = { places: [{ key: "a/1.ndjson" }, { key: "a/2.ndjson" }] };
  expect(notifications({ bucket: "clicks" })(plan as never)).toEqual([
    "s3://clicks/a/1.ndjson",
    "s3://clicks/a/2.ndjson",
  ]);
});
