import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseJson, silentLogger, stringifyJson, systemRandom } from "@kinesis-connectors/core";
import { icebergEmitter, type IcebergEmitterOptions, restCatalog } from "@kinesis-connectors/iceberg";
import type { LocalAws } from "@kinesis-connectors/local";
import { batchOfEntries, deliver, entryOf } from "@kinesis-connectors/testkit";
import type { AskedTable } from "./oracle.js";

/** Where tables are written: a catalog, and the S3 of the local AWS. */
export interface Lake {
  readonly aws: LocalAws;
  readonly uri: string;
}

export const NAMESPACE = "oracles";

type TableOptions = Omit<IcebergEmitterOptions, "catalog" | "storage" | "table" | "createTable">;

/** Writes rows to a table of its own by this project's emitter, one commit for each list; rows of a shard follow one another. */
export async function writeTable(
  { aws, uri }: Lake,
  name: string,
  options: TableOptions,
  batches: readonly (readonly object[])[],
  { shardId = "shardId-000000000000", from = 0 }: { readonly shardId?: string; readonly from?: number } = {},
): Promise<void> {
  const emitter = icebergEmitter<object>({
    ...options,
    catalog: restCatalog({ uri }),
    storage: aws.clientOptions("s3"),
    table: `${NAMESPACE}.${name}`,
    createTable: true,
  });
  try {
    await emitter.open?.({ signal: new AbortController().signal, logger: silentLogger });
    let at = from;
    for (const rows of batches) {
      const batch = batchOfEntries(
        rows.map((row, nth) => entryOf(at + nth, row)),
        { shardId },
      );
      const { failed } = await deliver(emitter, batch, { random: systemRandom });
      if (failed[0] !== undefined) throw failed[0].error;
      at += rows.length;
    }
  } finally {
    await emitter.close?.();
  }
}

/** A table as the catalog has it now, with its files laid down in a folder. */
export async function askedTable(
  { aws, uri }: Lake,
  namespace: string,
  name: string,
  folder: string,
): Promise<AskedTable> {
  const answer = await fetch(`${uri}/v1/namespaces/${namespace}/tables/${name}`);
  const { metadata } = parseJson(await answer.text()) as { readonly metadata: { readonly location: string } };
  const [, bucket = "", prefix = ""] = /^s3:\/\/([^/]+)\/(.+)$/.exec(metadata.location) ?? [];
  for (const { key, body } of aws.s3.objects(bucket)) {
    if (!key.startsWith(prefix)) continue;
    const path = join(folder, bucket, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  }
  return { metadata: stringifyJson(metadata) ?? "", endpoint: aws.endpoints.s3, folder };
}
