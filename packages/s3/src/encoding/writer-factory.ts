import { asError, type Emitter, type Logger } from "@kinesis-connectors/core";
import { ConcurrencyLimit } from "../concurrency.js";
import { fileSpool, type OpenFile } from "../objects/body.js";
import type { ObjectBatching } from "../plan/object-batching.js";
import type { EmitterSettings } from "../settings.js";
import type { EntrySizes } from "./entry-sizes.js";
import { ObjectBatchWriter, type PieceBytes } from "./object-batch-writer.js";
import { type WriterSpool, memoryWriterSpool, diskWriterSpool } from "./writer-spool.js";
import { SizeEstimate } from "./size-estimate.js";

/**
 * Pieces that are compressed at a time, of all shards. More than the thread pool has threads: it should not run dry while the event loop scans a page of
 * up to 10 MiB. Each takes about a MiB beside its bytes.
 */
const PIECE_CONCURRENCY = 16;

/** Options of `writerFactory`. */
export interface WriterFactoryOptions<Output>
  extends
    Pick<EmitterSettings<Output>, "format" | "compression" | "key" | "spoolDir">,
    Pick<ObjectBatching<Output>, "batching" | "hasSeveral" | "estimates"> {
  /** Sizes of outputs where those of the finished objects are not asked for. */
  readonly sizes: EntrySizes<Output>;
  readonly openFile?: OpenFile | undefined;
  readonly pieceBytes?: PieceBytes | undefined;
}

/**
 * Makes the `createWriter` of an emitter, whose writers encode the outputs of a shard's batches while they fill; undefined where a batch is wanted whole: with a key of the user's own when it is named, with
 * a whole-object format when it is encoded.
 */
export function writerFactory<Output>(
  options: WriterFactoryOptions<Output>,
): Emitter<Output>["createWriter"] {
  const { format, compression, key, spoolDir, batching, hasSeveral, estimates, sizes } = options;
  if (format.write === undefined || key !== undefined) return undefined;
  const limit = new ConcurrencyLimit(PIECE_CONCURRENCY);
  const estimate = new SizeEstimate(batching.targetBytes ?? batching.minBytes);
  const { openFile, pieceBytes } = options;

  return ({ stream, shardId, random, logger }) => {
    const createSpool = (): WriterSpool =>
      spoolDir === undefined
        ? memoryWriterSpool()
        : diskWriterSpool(
            () => fileSpool(spoolDir, `${random.uuid()}.spool`, openFile),
            (error) => tellFull(logger, { stream, shardId }, error),
          );
    return new ObjectBatchWriter<Output>({
      format,
      compression,
      hasSeveral,
      limit,
      estimate,
      // Of encoded outputs the bytes themselves are counted, unless the buffer's thresholds are on what is known of entries.
      countedBytes: estimates ? undefined : (output, record) => sizes.counted(output, record),
      createSpool,
      ...(pieceBytes === undefined ? {} : { pieceBytes }),
    });
  };
}

function tellFull(
  logger: Logger,
  shard: { readonly stream: string; readonly shardId: string },
  error: unknown,
): void {
  logger.warn(
    { ...shard, error: asError(error).message },
    "the spool took no more; what it should hold waits in memory until the batch is due",
  );
}
