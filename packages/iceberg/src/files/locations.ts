import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { ObjectPlace } from "@kinesis-connectors/s3/objects";
import type { TableMetadata } from "../catalog/metadata.js";

/** Where data files of a table go, without a slash at the end (Iceberg, `write.data.path`). */
export function dataLocation({ location, properties }: TableMetadata): string {
  return trimmed(properties?.["write.data.path"] ?? `${trimmed(location)}/data`);
}

/** Where manifests and their lists go (Iceberg, `write.metadata.path`). */
export function metadataLocation({ location, properties }: TableMetadata): string {
  return trimmed(properties?.["write.metadata.path"] ?? `${trimmed(location)}/metadata`);
}

function trimmed(location: string): string {
  return location.replace(/\/+$/, "");
}

/**
 * A location as a place in S3. Hadoop's names for it are S3's too.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` for any other file system
 */
export function placeOf(location: string): ObjectPlace {
  const [, bucket, key] = /^s3[an]?:\/\/([^/]+)\/(.+)$/s.exec(location) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `the table lies at ${location.slice(0, 200)}, which is not of the form s3://bucket/key: only tables in S3 can be written`,
  );
}
