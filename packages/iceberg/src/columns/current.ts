import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { PartitionSpec, Snapshot, SnapshotId, TableMetadata, TableSchema } from "../catalog/metadata.js";

/** The current schema of a table. */
export function currentSchema(metadata: TableMetadata): TableSchema {
  const id = metadata["current-schema-id"];
  const schema = metadata.schemas.find((one) => one["schema-id"] === id);
  if (schema === undefined) throw broken(`the table has no schema ${id}`);
  return schema;
}

/** A partition spec of a table. */
export function specOf(metadata: TableMetadata, id: number): PartitionSpec {
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === id);
  if (spec === undefined) throw broken(`the table has no partition spec ${id}`);
  return spec;
}

/**
 * The snapshot that `main` leads to; undefined for a table without one.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for one that cannot be built upon
 */
export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = currentSnapshotId(metadata);
  if (id === null) return undefined;
  const snapshot = metadata.snapshots?.find((one) => one["snapshot-id"] === id);
  if (snapshot === undefined) throw broken(`the table has no snapshot ${id}`);
  if (typeof snapshot["manifest-list"] !== "string")
    throw new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `the table's snapshot ${id} has no manifest list, as those of version 1 may: rewrite its manifests (rewrite_manifests)`,
    );
  return snapshot;
}

/** Null for a table without a snapshot. */
export function currentSnapshotId(metadata: TableMetadata): SnapshotId | null {
  const id = metadata.refs?.["main"]?.["snapshot-id"] ?? metadata["current-snapshot-id"] ?? null;
  return id === -1 ? null : id;
}

function broken(what: string): KinesisConnectorError {
  return new KinesisConnectorError("KC_EMIT_REFUSED", `the catalog's answer cannot be: ${what}`);
}
