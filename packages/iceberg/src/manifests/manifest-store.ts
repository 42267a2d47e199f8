import { createHash } from "node:crypto";
import type { ObjectStore } from "@kinesis-connectors/s3/objects";
import type { CatalogContext } from "../catalog/catalog.js";
import type { TableMetadata } from "../catalog/metadata.js";
import { currentSchema, specOf } from "../columns/current.js";
import { typesEver } from "../columns/table-columns.js";
import { metadataLocation, placeOf } from "../files/locations.js";
import { partitionFields } from "../partitions/partition-fields.js";
import type { ManifestContext } from "./manifest.js";

const AVRO = "application/avro";

/** Where things of a table are read and written. */
export interface TableStore {
  readonly objects: ObjectStore;
  readonly context: CatalogContext;
}

/** What manifests of a spec are written with. */
export function manifestContext(metadata: TableMetadata, specId: number): ManifestContext {
  const schema = currentSchema(metadata);
  const spec = specOf(metadata, specId);
  return { schema, spec, fields: partitionFields(spec, typesEver(metadata)) };
}

/** Whether manifests of a spec can be written: specs and old schemas that nothing uses any more are taken out of the metadata. */
export function isKnownSpec(metadata: TableMetadata, specId: number): boolean {
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === specId);
  const types = typesEver(metadata);
  return (
    spec?.fields.every(({ "source-id": id, transform }) => types.has(id) || transform === "void") === true
  );
}

/** Writes under a name that stands for the bytes, so that writing again changes nothing. Returns its location. */
export async function writeNamed(
  bytes: Buffer,
  prefix: string,
  metadata: TableMetadata,
  { objects, context }: TableStore,
): Promise<string> {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const path = `${metadataLocation(metadata)}/${prefix}-${digest}.avro`;
  await objects.write(placeOf(path), bytes, AVRO, context);
  return path;
}
