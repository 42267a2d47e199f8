import {
  type Batching,
  type BufferEntry,
  type KinesisRecord,
  wholeNumber,
  invalidOption,
} from "@kinesis-connectors/core";
import type { Format } from "../formats/format.js";
import { MAX_KEY_BYTES, MAX_NAME_BYTES } from "../limits.js";
import { PartitionPaths, type PartitionStyle, type PartitionValues } from "../partitions/partition-path.js";

/** Options of batching: which records meet in an object, and how large it becomes. */
export interface S3BatchingOptions<Output> {
  /**
   * The folders of an output's object, outermost first: `(click, record) => ({ date: ..., country: click.country })`. A batch becomes one object per
   * partition. Default: no folders, one object per batch. What it throws makes the record a dead letter.
   */
  readonly partition?: (output: Output, record: KinesisRecord) => PartitionValues;
  /** `hive` for `country=AT/`, `plain` for `AT/`. Default `hive`. */
  readonly partitionStyle?: PartitionStyle;
  /** Partitions in a batch, 1 to 10,000. Default 500. */
  readonly maxPartitions?: number;
  /** The fate of a record that would open one more partition: the batch is flushed before it (`flush`, default), or it becomes a dead letter. */
  readonly onPartitionFlood?: "flush" | "dead-letter";
  /**
   * A batch is flushed when one of its objects will have about this many bytes, as they will be in the bucket: within 20%, the first one included. Default:
   * none, the buffer's thresholds on bytes before compression.
   */
  readonly targetObjectBytes?: number;
  /** A batch that is due by age waits until its objects have this many bytes on the average, at most `maxAgeMs`. Default: it does not wait. */
  readonly minObjectBytes?: number;
  /** The longest wait of such a batch, in milliseconds since its first record. Needed with `minObjectBytes`. */
  readonly maxAgeMs?: number;
}

/** Stands between the folders of an output and its format's group: neither holds it. */
const GROUP = "\0";

/** The batching as the emitter needs it. */
export interface ObjectBatching<Output> {
  readonly batching: Batching<Output>;
  /** The name under which entries meet in one object. */
  readonly partitionOf: (entry: BufferEntry<Output>) => string;
  /** The folders in such a name; empty where there are none. */
  readonly folderOf: (partition: string) => string;
  /** Whether keys are named by folders. */
  readonly hasFolders: boolean;
  /** Whether a batch may have several objects. */
  readonly hasSeveral: boolean;
  /** Whether sizes are to be those of the finished objects. */
  readonly estimates: boolean;
}

/**
 * Checks the options and puts them into the engine's words.
 * @throws KinesisConnectorError `KC_OPTION_INVALID`, naming the option
 */
export function objectBatching<Output>(
  options: S3BatchingOptions<Output>,
  format: Format<Output>,
  prefix: string,
): ObjectBatching<Output> {
  const { partition, partitionStyle = "hive", onPartitionFlood = "flush", maxAgeMs } = options;
  if (partition !== undefined && typeof partition !== "function")
    throw invalidOption("partition must be a function of output and record");
  if (partitionStyle !== "hive" && partitionStyle !== "plain")
    throw invalidOption('partitionStyle must be "hive" or "plain"');
  if (onPartitionFlood !== "flush" && onPartitionFlood !== "dead-letter")
    throw invalidOption('onPartitionFlood must be "flush" or "dead-letter"');
  const maxPartitions = wholeNumber("maxPartitions", options.maxPartitions ?? 500, { min: 1, max: 10_000 });
  const targetBytes = optional("targetObjectBytes", options.targetObjectBytes);
  const minBytes = optional("minObjectBytes", options.minObjectBytes);
  const maxWaitMs = optional("maxAgeMs", maxAgeMs);
  if ((minBytes === undefined) !== (maxWaitMs === undefined))
    throw invalidOption("minObjectBytes and maxAgeMs are given together: how much to wait for, and how long");

  const folderBytes = MAX_KEY_BYTES - MAX_NAME_BYTES - Buffer.byteLength(prefix);
  const paths = new PartitionPaths(partitionStyle, folderBytes);
  const nameOf = (output: Output, record: KinesisRecord): string => {
    format.check?.(output);
    const folder = partition === undefined ? "" : paths.of(partition(output, record));
    return format.groupOf === undefined ? folder : `${folder}${GROUP}${format.groupOf(output)}`;
  };
  const hasSeveral = partition !== undefined || format.groupOf !== undefined;
  return {
    batching: {
      ...(hasSeveral || format.check !== undefined ? { partitionOf: nameOf } : {}),
      maxPartitions,
      onPartitionFlood,
      ...(targetBytes === undefined ? {} : { targetBytes }),
      ...(minBytes === undefined || maxWaitMs === undefined ? {} : { minBytes, maxWaitMs }),
    },
    partitionOf: ({ partition: named, output, record }) =>
      hasSeveral ? (named ?? nameOf(output, record)) : "",
    folderOf: (name) => name.split(GROUP, 1)[0] ?? "",
    hasFolders: partition !== undefined,
    hasSeveral,
    estimates: targetBytes !== undefined || minBytes !== undefined,
  };
}

function optional(option: string, value: number | undefined): number | undefined {
  return value === undefined ? undefined : wholeNumber(option, value, { min: 1 });
}
