import { parseJson, stringifyJson } from "@kinesis-connectors/core";
import { avroMetadata, avroRead, icebergRead } from "icebird";
import { differences } from "./check.js";
import { BATCHES, rowOf, ROWS_PER_BATCH } from "./everything.js";
import type { AskedTable, Plain } from "./oracle.js";
import { askedTable, type Lake, NAMESPACE } from "./tables.js";

/**
 * Reads all rows of a table by icebird, which needs nothing but Node. It knows no filters, and no S3 but that of AWS: what it asks of `amazonaws.com` goes to the table's own.
 */
export async function rowsByIcebird({
  metadata,
  endpoint,
}: Pick<AskedTable, "metadata" | "endpoint">): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const parsed = parseJson(metadata) as IcebirdMetadata;
  if ((parsed.snapshots ?? []).length === 0) return [];
  const usual = globalThis.fetch;
  globalThis.fetch = (to, init) => usual(onLoopback(urlOf(to), endpoint), init);
  try {
    return await icebergRead({ tableUrl: parsed.location, metadata: parsed });
  } finally {
    globalThis.fetch = usual;
  }
}

/** How many manifests a manifest list names. */
export function manifestCount(list: Uint8Array): number {
  const reader = { view: new DataView(list.buffer, list.byteOffset, list.byteLength), offset: 0 };
  return avroRead({ reader, ...avroMetadata(reader) }).length;
}

type IcebirdMetadata = NonNullable<Parameters<typeof icebergRead>[0]["metadata"]>;

function urlOf(to: string | URL | Request): string {
  if (typeof to === "string") return to;
  return to instanceof URL ? to.href : to.url;
}

function onLoopback(url: string, endpoint: string): string {
  const [, bucket, key] = /^https:\/\/(.+)\.s3\.amazonaws\.com\/(.*)$/.exec(url) ?? [];
  return bucket === undefined ? url : `${endpoint}/${bucket}/${key}`;
}

/** Asks icebird for the rows of the table with every type; moments and decimals are rounded there, so the other columns are compared. */
export async function icebirdChecks(
  lake: Lake,
  folder: string,
  wrong: string[],
): Promise<readonly [string, string]> {
  const found = await rowsByIcebird(await askedTable(lake, NAMESPACE, "everything", folder));
  const told = found.map(plainOf);
  const expected = Array.from({ length: BATCHES * ROWS_PER_BATCH }, (_, id) => {
    const { plain } = rowOf(id);
    return Object.fromEntries(COMPARED.map((name) => [name, (plain as PlainRow)[name] ?? null]));
  });
  const sentences = differences(told, expected);
  wrong.push(...sentences.map((one) => `icebird, every type: ${one}`));
  return ["icebird 0.3.1", `${found.length} rows read by Node alone, ${sentences.length} wrong`];
}

type PlainRow = Readonly<Record<string, Plain>>;

const COMPARED = ["id", "small", "big", "flag", "name", "tags"] as const;

function plainOf(row: Readonly<Record<string, unknown>>): Plain {
  return Object.fromEntries(COMPARED.map((name) => [name, plainValue(row[name])]));
}

function plainValue(value: unknown): Plain {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(plainValue);
  return typeof value === "string" ? value : (stringifyJson(value) ?? null);
}
