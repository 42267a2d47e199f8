import {
  type Batch,
  type BufferEntry,
  checkOptions,
  type EmitContext,
  type Emitter,
  type EmitResult,
  invalidOption,
  KinesisConnectorError,
  type KinesisRecord,
  type OptionNames,
} from "@kinesis-connectors/core";
import { batchTag, contentOf } from "./commits/content.js";
import { rowsOfOthers } from "./commits/position.js";
import { announcementText } from "./files/announcement.js";
import { writeFiles } from "./files/write-files.js";
import type { IcebergPlan } from "./iceberg-emitter.js";
import {
  FILE_OPTIONS,
  fileSettings,
  type IcebergFileOptions,
  type IcebergTableOptions,
  TABLE_OPTIONS,
  tableSettings,
} from "./options.js";
import { openingContext, openTable, tableTools } from "./tables/open-table.js";
import { checkPartitions } from "./tables/prepare-table.js";
import { TableShapes } from "./tables/table-shape.js";

/** Options of `icebergFileEmitter`. */
export interface IcebergFileEmitterOptions
  extends Omit<IcebergTableOptions, "commitEveryMs" | "retentionHours">, IcebergFileOptions {
  /** Takes the announcement of each batch, a text: `kinesisEmitter<string>({ stream })`, for the stream of one shard that the second stage reads. */
  readonly to: Emitter<string>;
}

const { commitEveryMs: _every, retentionHours: _retention, ...WITHOUT_COMMITS } = TABLE_OPTIONS;
const NAMES: OptionNames<IcebergFileEmitterOptions> = { ...WITHOUT_COMMITS, ...FILE_OPTIONS, to: "required" };

/**
 * The first of two stages, for many shards: writes batches as Parquet files of the table, and announces them to a stream, from which `icebergManifestEmitter` adds many at a
 * time. A batch may be announced twice after a crash; it is added once.
 *
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function icebergFileEmitter<Output extends object>(
  options: IcebergFileEmitterOptions,
): Emitter<Output, IcebergPlan> {
  checkOptions("icebergFileEmitter", options, NAMES);
  const { to, ...table } = options;
  if (typeof to?.emit !== "function") throw invalidOption("to must be an emitter, such as kinesisEmitter()");
  const files = fileSettings(options);
  checkPartitions(files);
  const { current, objects, encode, close } = tableTools(tableSettings(table), files);
  const shapes = new TableShapes(files.declared, current.name);

  const plan = (batch: Batch<Output>): IcebergPlan => ({ v: 1, contentSha256: contentOf(batch.entries) });

  const emit = async (
    batch: Batch<Output>,
    context: EmitContext<IcebergPlan>,
  ): Promise<EmitResult<Output>> => {
    if (batch.entries.length === 0) return { failed: [] };
    const loaded = await current.recent(context);
    const shape = shapes.of(loaded);
    const written = await writeFiles(batch, batch.entries, shape, { encode, objects }, context);
    // Nothing is announced yet, so the engine can plan the rest anew, without them.
    if ("refused" in written) return { failed: written.refused };
    const announcement = {
      owner: batch,
      first: batch.first,
      last: batch.last,
      batch: batchTag(batch, contentOf(batch.entries)),
      files: written.files,
    };
    await announce(batch, await announcementText(announcement, loaded.metadata, objects, context), context);
    return { failed: [] };
  };

  const announce = async (
    batch: Batch<Output>,
    text: string,
    context: EmitContext<IcebergPlan>,
  ): Promise<void> => {
    const record: KinesisRecord = {
      ...batch.last,
      // The announcements of one shard keep their order.
      partitionKey: batch.shardId,
      arrivalTimeMs: context.clock.now(),
      data: new Uint8Array(0),
    };
    const bytes = to.sizeOf?.(text, record) ?? Buffer.byteLength(text);
    const entry: BufferEntry<string> = { output: text, record, bytes };
    const told: Batch<string> = { ...withoutEncoded(batch), entries: [entry], bytes };
    const { failed } = await to.emit(told, { ...context, plan: undefined });
    const [first] = failed;
    if (first === undefined) return;
    if (first.action === "retry") throw first.error;
    throw new KinesisConnectorError(
      "KC_EMIT_REFUSED",
      `${batch.shardId}: the files of batch ${batch.batchId} are written, but their announcement will never be taken: correct to`,
      { cause: first.error },
    );
  };

  return {
    capabilities: { duplicates: "none", ordering: "none" },
    plan,
    planWithout: (_plan, batch, kept) =>
      plan({ ...batch, entries: batch.entries.filter((entry) => kept.has(entry)) }),
    wouldDouble: async (again, opening) => {
      const { metadata } = await current.load(openingContext(opening));
      return rowsOfOthers(metadata.properties, again, current.name);
    },
    emit,
    open: async (opening) => {
      await openTable(current, files, opening);
      await to.open?.(opening);
    },
    close: async () => {
      close();
      await to.close?.();
    },
  };
}

function withoutEncoded({ encoded: _encoded, ...batch }: Batch<unknown>): Omit<Batch<unknown>, "encoded"> {
  return batch;
}
