import type { Clock, Logger, Random } from "@kinesis-connectors/core";
import type {
  PartitionSpec,
  Snapshot,
  SnapshotId,
  SnapshotRef,
  TableMetadata,
  TableSchema,
} from "./metadata.js";

/**
 * Where tables are looked up and committed: `restCatalog()`, or an own one. Each call sends one request and does not repeat it: what an answer means for the
 * table is decided by who asked.
 *
 * Calls reject with `KC_EMIT_REFUSED` for what no waiting mends (400, 401, 403, a missing namespace), naming the right or the cure, and with any other
 * error for an outage (429, 503, 419, no connection), which the caller tries again.
 */
export interface Catalog {
  /** Undefined where there is no such table. Of its snapshots those are enough that branches lead to (REST: `?snapshots=refs`). */
  readonly loadTable: (table: TableIdentifier, context: CatalogContext) => Promise<LoadedTable | undefined>;
  /** Undefined where there is one already (409). */
  readonly createTable: (
    table: TableIdentifier,
    request: CreateTableRequest,
    context: CatalogContext,
  ) => Promise<LoadedTable | undefined>;
  /** Applies all updates if all requirements hold, or nothing. Once a request may have reached the catalog, `unknown` says so; it rejects then only where `signal` is aborted. */
  readonly commitTable: (
    table: TableIdentifier,
    commit: TableCommit,
    context: CatalogContext,
  ) => Promise<CommitAnswer>;
  /** Closes connections. */
  readonly close?: () => void;
}

/** A table by name: `{ namespace: ["sales"], name: "orders" }`. */
export interface TableIdentifier {
  readonly namespace: readonly string[];
  readonly name: string;
}

/** What a call to a catalog is made with. */
export interface CatalogContext {
  /** Aborted when the answer is of no use any more. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Time limits of a request and the age of a token are measured with it. */
  readonly clock: Clock;
  readonly random: Random;
}

/** A table as the catalog has it now (REST: `LoadTableResult`). */
export interface LoadedTable {
  readonly metadata: TableMetadata;
  /** Where the metadata file is. Absent where the catalog does not tell. */
  readonly metadataLocation?: string;
  /** Settings that the catalog sends with a table. */
  readonly config?: Readonly<Record<string, string>>;
}

/** What became of a commit. */
export type CommitAnswer =
  /** All of it is in the table. */
  | { readonly type: "applied"; readonly table: LoadedTable }
  /** A requirement did not hold, nothing was changed (409): load the table and look. */
  | { readonly type: "conflict" }
  /** The table is gone (404). */
  | { readonly type: "missing" }
  /** Nobody knows (500, 502, 504, a lost connection, no answer in time): load the table and look. */
  | { readonly type: "unknown"; readonly error: Error };

/** Requirements and updates of one commit (REST: `CommitTableRequest`). */
export interface TableCommit {
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}

/** What must hold of the table when a commit is applied, or the catalog refuses it (Iceberg REST spec, `TableRequirement`). */
export type TableRequirement =
  | { readonly type: "assert-table-uuid"; readonly uuid: string }
  /** `snapshot-id` null: the branch does not exist yet. */
  | {
      readonly type: "assert-ref-snapshot-id";
      readonly ref: string;
      readonly "snapshot-id": SnapshotId | null;
    }
  | { readonly type: "assert-current-schema-id"; readonly "current-schema-id": number }
  | { readonly type: "assert-last-assigned-field-id"; readonly "last-assigned-field-id": number };

/** One change of a commit (Iceberg REST spec, `TableUpdate`). */
export type TableUpdate =
  | { readonly action: "add-snapshot"; readonly snapshot: Snapshot }
  | ({ readonly action: "set-snapshot-ref"; readonly "ref-name": string } & SnapshotRef)
  | { readonly action: "set-properties"; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: "remove-properties"; readonly removals: readonly string[] }
  | { readonly action: "add-schema"; readonly schema: TableSchema; readonly "last-column-id": number }
  /** -1: the schema that this commit adds. */
  | { readonly action: "set-current-schema"; readonly "schema-id": number };

/** A table to be created (REST: `CreateTableRequest`). The catalog chooses the location unless one is given. */
export interface CreateTableRequest {
  readonly schema: TableSchema;
  readonly partitionSpec?: PartitionSpec;
  readonly location?: string;
  readonly properties?: Readonly<Record<string, string>>;
}
