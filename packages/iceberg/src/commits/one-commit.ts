import { KinesisConnectorError } from "@kinesis-connectors/core";
import type { LoadedTable, TableCommit, TableRequirement, TableUpdate } from "../catalog/catalog.js";
import type { TableMetadata } from "../catalog/metadata.js";
import { currentSnapshotId } from "../columns/current.js";
import { FORMAT_VERSION } from "../limits.js";
import type { TableStore } from "../manifests/manifest-store.js";
import type { Append, AppendOutcome } from "./append.js";
import { isPast, isSame, outlivedPositions, positionIn, positionKey, positionText } from "./position.js";
import { buildSnapshot, type NewManifest } from "./snapshot.js";

/** Appends beside what a table holds now. */
export interface SortedAppends {
  /** To be committed. */
  readonly fitting: readonly Append[];
  readonly settled: ReadonlyMap<Append, AppendOutcome>;
}

/** Finds the appends that begin where the table is. Of two of one shard the second one waits for the first. */
export function sortAppends(appends: readonly Append[], { metadata }: LoadedTable): SortedAppends {
  const fitting = new Map<string, Append>();
  const settled = new Map<Append, AppendOutcome>();
  for (const append of appends) {
    const key = positionKey(append.owner);
    const position = positionIn(metadata.properties, key);
    const isHere = append.files.every(({ tableUuid }) => tableUuid === metadata["table-uuid"]);
    if (isPast(position, append.last)) settled.set(append, "there");
    else if (!isHere || !isSame(position, append.past) || fitting.has(key)) settled.set(append, "moved");
    else fitting.set(key, append);
  }
  return { fitting: [...fitting.values()], settled };
}

/**
 * The commit that adds the files of appends and moves their positions: all of it or nothing, and only if the table is what was looked at. A snapshot's summary goes when the snapshot
 * expires, so the positions that count are properties; in the summary they are for people.
 */
export async function commitOf(
  appends: readonly Append[],
  manifests: readonly NewManifest[],
  metadata: TableMetadata,
  settings: { readonly snapshotId: number; readonly retentionMs: number },
  store: TableStore,
): Promise<TableCommit> {
  const nowMs = store.context.clock.now();
  const positions = Object.fromEntries(
    appends.map(({ owner, last, batch }) => [positionKey(owner), positionText(last, nowMs, batch)]),
  );
  const outlived = new Set(
    appends.flatMap(({ owner }) =>
      outlivedPositions(metadata.properties, owner, settings.retentionMs, nowMs),
    ),
  );
  const removals = [...outlived].filter((key) => !Object.hasOwn(positions, key));
  const requirements: TableRequirement[] = [
    { type: "assert-table-uuid", uuid: metadata["table-uuid"] },
    { type: "assert-ref-snapshot-id", ref: "main", "snapshot-id": currentSnapshotId(metadata) },
  ];
  const updates: TableUpdate[] = [];
  if (manifests.length > 0) {
    const snapshot = await buildSnapshot(manifests, metadata, settings.snapshotId, positions, store);
    updates.push(
      { action: "add-snapshot", snapshot },
      {
        // How long it keeps its snapshots is said anew with each change, or forgotten.
        ...metadata.refs?.["main"],
        action: "set-snapshot-ref",
        "ref-name": "main",
        type: "branch",
        "snapshot-id": snapshot["snapshot-id"],
      },
    );
  }
  updates.push({ action: "set-properties", updates: positions });
  if (removals.length > 0) updates.push({ action: "remove-properties", removals });
  return { requirements, updates };
}

/**
 * Checks what an append rests on.
 * @throws KinesisConnectorError `KC_EMIT_REFUSED` with the cure
 */
export function requireWritable({ metadata }: LoadedTable, name: string): void {
  const version = metadata["format-version"];
  if (version === FORMAT_VERSION) return;
  throw new KinesisConnectorError(
    "KC_EMIT_REFUSED",
    `the table ${name} (option table) is of format version ${version}, and version ${FORMAT_VERSION} is what can be written: ` +
      (version < FORMAT_VERSION
        ? "upgrade it (property format-version = 2)"
        : "write to a table of version 2; there is no way back for this one"),
  );
}
