import type { DataFile } from "../files/data-file.js";
import type { CatalogContext } from "../catalog/catalog.js";
import type { PlannedRange, Position } from "@kinesis-connectors/core";

/** Files of a batch, to be added together with the position of their shard. */
export interface Append {
  /** Whose position it is. */
  readonly owner: Pick<PlannedRange, "application" | "stream" | "shardId">;
  /** The files hold what lies past this position of the table; undefined: all of the batch. */
  readonly past: Position | undefined;
  /** The position that the table has afterwards: the end of the batch. */
  readonly last: Position;
  /** Names the batch and its content, for the property of the position. */
  readonly batch: string;
  readonly files: readonly DataFile[];
  /** True where it should not wait for others to come along: the shard is being stopped, or has ended. */
  readonly isUrgent: boolean;
  readonly context: CatalogContext;
}

/**
 * What became of an append. `added`: it is in the table. `there`: the table is at its end or past it, and nothing was added. `moved`: the table is somewhere else than the files begin, so
 * that they must be written anew.
 */
export type AppendOutcome = "added" | "there" | "moved";
