import type { Clock, Random } from "../clock.js";
import type { CallParameters } from "../journal.js";
import { emptyManifestList } from "./empty-manifest-list.js";
import { IcebergError } from "./errors.js";
import { sameId, type TableMetadata } from "./metadata.js";
import { type FileStore, placeOf, type Tables } from "./tables.js";

/**
 * Somebody else commits to the table that a call is about, as a compaction does: a new snapshot on `main`, of the same rows. Nothing happens when there is no
 * such table.
 */
export function commitOfSomebodyElse(
  { namespace, table }: CallParameters,
  tables: Tables,
  { clock, random, files }: { readonly clock: Clock; readonly random: Random; readonly files: FileStore },
): void {
  const name = { namespace: String(namespace).split("."), name: String(table) };
  let metadata: TableMetadata;
  try {
    ({ metadata } = tables.load(name));
  } catch (error) {
    if (error instanceof IcebergError) return;
    throw error;
  }
  const parent = metadata.snapshots.find((one) =>
    sameId(one["snapshot-id"], metadata["current-snapshot-id"]),
  );
  // Ids of others are random and fill 63 bits: past what a double holds, which is what makes them worth a test.
  const id = `\u0000#${(BigInt(`0x${random.hex(16)}`) & 0x7fff_ffff_ffff_ffffn) | 0x4000_0000_0000_0000n}`;
  const manifestList = parent?.["manifest-list"] ?? newManifestList(metadata.location, random, files);
  const snapshot = {
    "snapshot-id": id,
    ...(parent === undefined ? {} : { "parent-snapshot-id": parent["snapshot-id"] }),
    "sequence-number": metadata["last-sequence-number"] + 1,
    "timestamp-ms": clock.now(),
    "manifest-list": manifestList,
    summary: { operation: "replace" },
    "schema-id": metadata["current-schema-id"],
  };
  tables.commit(name, {
    requirements: [],
    updates: [
      { action: "add-snapshot", snapshot },
      { action: "set-snapshot-ref", "ref-name": "main", type: "branch", "snapshot-id": id },
    ],
  });
}

function newManifestList(location: string, random: Random, files: FileStore): string {
  const place = `${location}/metadata/snap-${random.uuid()}.avro`;
  const { bucket, key } = placeOf(place);
  files.write(bucket, key, emptyManifestList(), "application/octet-stream");
  return place;
}
