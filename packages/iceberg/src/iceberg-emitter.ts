import {
  type Batch,
  type BufferEntry,
  checkOptions,
  type EmitContext,
  type Emitter,
  type EmitResult,
  entriesPast,
  type OptionNames,
  type PlannedRange,
} from "@kinesis-connectors/core";
import { GroupCommit } from "./commits/group-commit.js";
import { isPast, positionIn, positionKey, rowsOfOthers } from "./commits/position.js";
import { writeFiles } from "./files/write-files.js";
import {
  FILE_OPTIONS,
  fileSettings,
  type IcebergFileOptions,
  type IcebergTableOptions,
  TABLE_OPTIONS,
  tableSettings,
} from "./options.js";
import { batchTag, contentOf, requireSameContent } from "./commits/content.js";
import { openingContext, openTable, tableTools } from "./tables/open-table.js";
import { checkPartitions } from "./tables/prepare-table.js";
import { TableShapes } from "./tables/table-shape.js";

/** Options of `icebergEmitter`. */
export interface IcebergEmitterOptions extends IcebergTableOptions, IcebergFileOptions {}

/** The plan of a batch. A type and not an interface, so that it is plain JSON to the lease row. */
export type IcebergPlan = {
  readonly v: 1;
  /** SHA-256 over the positions of the planned rows, in hex. */
  readonly contentSha256: string;
};

const NAMES: OptionNames<IcebergEmitterOptions> = { ...TABLE_OPTIONS, ...FILE_OPTIONS };

/**
 * Appends each batch to an Iceberg table, once: Parquet files first, then one commit that adds them and moves the position of the shard, which is a property of the
 * table. Batches of several shards that wait for a commit share one.
 *
 * @example
 * ```ts
 * const emitter = icebergEmitter<Order>({
 *   catalog: restCatalog({ uri: "https://catalog.example", warehouse: "sales" }),
 *   table: "sales.orders",
 *   columns: { id: { required: "int64" }, at: { required: "timestamp" }, total: { decimal: [12, 2] } },
 * });
 * ```
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function icebergEmitter<Output extends object>(
  options: IcebergEmitterOptions,
): Emitter<Output, IcebergPlan> {
  checkOptions("icebergEmitter", options, NAMES);
  const table = tableSettings(options);
  const files = fileSettings(options);
  checkPartitions(files);
  const { current, objects, encode, close } = tableTools(table, files);
  const commits = new GroupCommit(current, table, (context) => ({ objects, context }));
  const shapes = new TableShapes(files.declared, current.name);
  const tools = { encode, objects };

  const plan = (batch: Batch<Output>): IcebergPlan => ({ v: 1, contentSha256: contentOf(batch.entries) });

  const isWritten = async (range: PlannedRange, context: EmitContext<IcebergPlan>): Promise<boolean> => {
    const { metadata } = await current.load(context);
    // With whichever rows: where those are others than a worker had, it has stopped and said so, and who starts again goes on.
    return isPast(positionIn(metadata.properties, positionKey(range)), range.last);
  };

  const emit = async (
    batch: Batch<Output>,
    context: EmitContext<IcebergPlan>,
  ): Promise<EmitResult<Output>> => {
    if (batch.entries.length === 0) return { failed: [] };
    const content = contentOf(batch.entries);
    for (;;) {
      const loaded = await current.recent(context);
      const past = positionIn(loaded.metadata.properties, positionKey(batch));
      if (isPast(past, batch.last)) {
        requireSameContent(past, batch, [content, context.plan.contentSha256]);
        return { failed: [] };
      }
      const rest = entriesPast(past, batch);
      // What lies past it was dropped by the filter: there is nothing to add.
      if (rest.length === 0) return { failed: [] };
      const written = await writeFiles(batch, rest, shapes.of(loaded), tools, context);
      // Nothing is in the table yet, so the engine can plan the rest anew, without them.
      if ("refused" in written) return { failed: written.refused };
      const outcome = await commits.append({
        owner: batch,
        past,
        last: batch.last,
        batch: batchTag(batch, content),
        files: written.files,
        isUrgent: batch.reason === "stop" || batch.reason === "shard-end" || batch.reason === "end",
        context,
      });
      if (outcome === "added") return { failed: [] };
      // There already, or from another position on: both show in the table as it is now.
      context.signal.throwIfAborted();
    }
  };

  return {
    capabilities: { duplicates: "none", ordering: "none" },
    plan,
    planWithout: (_plan, batch, kept) => plan({ ...batch, entries: keptOf(batch.entries, kept) }),
    isWritten,
    wouldDouble: async (again, opening) => {
      const { metadata } = await current.load(openingContext(opening));
      return rowsOfOthers(metadata.properties, again, current.name);
    },
    emit,
    open: (opening) => openTable(current, files, opening),
    close: () => {
      close();
      return Promise.resolve();
    },
  };
}

function keptOf<Output>(
  entries: readonly BufferEntry<Output>[],
  kept: ReadonlySet<BufferEntry<Output>>,
): readonly BufferEntry<Output>[] {
  return entries.filter((entry) => kept.has(entry));
}
