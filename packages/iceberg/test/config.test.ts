import { describe, expect, expectTypeOf, it } from "vitest";
import type { ObjectStoreOptions } from "@kinesis-connectors/s3/objects";
import {
  create,
  type IcebergConfig,
  type IcebergFilesConfig,
  type IcebergRowsConfig,
  type RestCatalogConfig,
  type StorageConfig,
} from "../src/config.js";
import type {
  IcebergEmitterOptions,
  IcebergManifestEmitterOptions,
  RestCatalogOptions,
} from "../src/index.js";

/** Options that only a program can give. */
type CodeOnly = "client";

type Forgotten<Options, Config> = Exclude<keyof Options, keyof Config | CodeOnly>;

it("every option that is data is in the configuration", () => {
  expectTypeOf<Forgotten<IcebergEmitterOptions, IcebergRowsConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<IcebergManifestEmitterOptions, IcebergFilesConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<RestCatalogOptions, RestCatalogConfig>>().toEqualTypeOf<never>();
  expectTypeOf<Forgotten<ObjectStoreOptions, StorageConfig>>().toEqualTypeOf<never>();
  expectTypeOf<
    Forgotten<IcebergEmitterOptions, Omit<IcebergRowsConfig, "columns">>
  >().toEqualTypeOf<"columns">();
});

describe("the emitter of a file", () => {
  const table = { type: "iceberg", table: "sales.orders", columns: { id: "int64" } } as const;
  const uri = "https://catalog.example.com";

  it.each<[string, Extract<IcebergConfig, { readonly loads?: "rows" }>["catalog"]]>([
    ["rest", { type: "rest", uri }],
    ["rest with a token", { type: "rest", uri, auth: { type: "bearer", token: "t" } }],
    [
      "rest with an id and a secret",
      { type: "rest", uri, auth: { type: "clientCredentials", clientId: "c", clientSecret: "s" } },
    ],
    ["rest, signed", { type: "rest", uri, auth: { type: "sigV4", region: "eu-central-1", service: "glue" } }],
    ["glue", { type: "glue", region: "eu-central-1" }],
    [
      "s3Tables",
      { type: "s3Tables", tableBucketArn: "arn:aws:s3tables:eu-central-1:123456789012:bucket/lake" },
    ],
  ])("has a catalog of type %s", async (_name, catalog) => {
    const emitter = create({ ...table, catalog } as never);
    expect(emitter.plan).toBeTypeOf("function");
    await emitter.close?.();
  });

  it("is the second of two stages with loads: files", async () => {
    const emitter = create({
      type: "iceberg",
      loads: "files",
      table: "sales.orders",
      catalog: { type: "rest", uri },
    });
    expect(emitter.plan).toBeUndefined();
    await emitter.close?.();
  });
});
