import {
  type IcebergOptions,
  type LocalAws,
  type LocalAwsOptions,
  startLocalAws,
} from "@kinesis-connectors/local";
import {
  type Catalog,
  type CatalogContext,
  restCatalog,
  type RestCatalogOptions,
  type TableCommit,
  type TableIdentifier,
  type TableSchema,
} from "@kinesis-connectors/iceberg";
import { silentLogger, systemClock, systemRandom } from "@kinesis-connectors/core";

export const ORDERS: TableIdentifier = { namespace: ["sales"], name: "orders" };

export const SCHEMA: TableSchema = {
  type: "struct",
  fields: [
    { id: 1, name: "id", required: true, type: "long" },
    { id: 2, name: "note", required: false, type: "string" },
  ],
};

export const CONTEXT: CatalogContext = {
  signal: new AbortController().signal,
  logger: silentLogger,
  clock: systemClock,
  random: systemRandom,
};

/** A catalog on loopback and a client of it. */
export interface LocalCatalog extends AsyncDisposable {
  readonly local: LocalAws;
  readonly catalog: Catalog;
}

export async function startCatalog(
  options: Partial<RestCatalogOptions> = {},
  iceberg: IcebergOptions = {},
  more: LocalAwsOptions = {},
): Promise<LocalCatalog> {
  const local = await startLocalAws({ kinesis: false, dynamodb: false, opensearch: false, iceberg, ...more });
  local.iceberg.createNamespace("sales");
  const catalog = restCatalog({ uri: local.endpoints.iceberg, requestTimeoutMs: 10_000, ...options });
  return {
    local,
    catalog,
    [Symbol.asyncDispose]: async () => {
      catalog.close?.();
      await local.close();
    },
  };
}

/** A commit that adds nothing but a property, and asks for nothing. */
export function propertyCommit(name: string, value = "x"): TableCommit {
  return { requirements: [], updates: [{ action: "set-properties", updates: { [name]: value } }] };
}

/** The properties of the table, as the catalog has them. */
export function propertiesOf(local: LocalAws): unknown {
  return local.iceberg.table("sales", "orders")?.metadata["properties"];
}
