import type { KinesisRecord } from "@kinesis-connectors/core";
import type { ObjectWriter } from "./object-writer.js";

/** Fields of all formats about the objects that they make. */
export interface FormatCommon<Output> {
  /** Follows the key's name, with its dot: `.ndjson`. */
  readonly extension: string;
  /** The object's `Content-Type`. */
  readonly contentType: string;
  /**
   * Size of an output in the object before compression, in bytes, where it is known without encoding. Default: the size of the record
   * it came from. An estimate that is off by a constant factor does no harm: the emitter learns the factor from the objects it wrote.
   */
  readonly sizeOf?: (output: Output) => number;
  /**
   * Outputs that cannot share an object, such as rows of different columns: only outputs of equal groups meet in one. Called once per output
   * when it is taken in, and never by the next owner, who follows the stored plan. What it throws makes the record a dead letter. Default: all may share one.
   */
  readonly groupOf?: (output: Output) => string;
}

/** A format that lays one output behind the other. */
export interface RecordFormat<Output> extends FormatCommon<Output> {
  /**
   * Appends one output. What it throws refuses this record alone, which then goes the way of dead letters; whatever it had
   * appended is taken back. Throw `KC_RECORD_POISON` with a message that holds nothing of the record. Bytes may be a view that is valid during the call
   * only. Called when the record is taken in, and again by whoever finishes its batch. `record` is the one that the output came from; absent only where another
   * format calls.
   */
  readonly write: (output: Output, object: ObjectWriter, record?: KinesisRecord) => void;
  /** Appends what stands before the first output, such as a line of column names. Default: nothing. */
  readonly begin?: (object: ObjectWriter) => void;
  readonly encodeObject?: undefined;
  readonly check?: undefined;
}

/** A format that needs all outputs of an object at once, such as a columnar one. */
export interface ObjectFormat<Output> extends FormatCommon<Output> {
  /**
   * Encodes the outputs of one object, in their order. Outputs that it cannot hold are named instead of encoded: nothing of the batch is written
   * then, they go the way of dead letters, and the function is called again with the rest. A rejection says nothing about single
   * outputs: the batch is tried again. Give the event loop back now and then, and stop when the signal is aborted.
   */
  readonly encodeObject: (
    outputs: readonly Output[],
    context: { readonly signal: AbortSignal },
  ) => Promise<EncodedObject>;
  /**
   * Looks at an output as it is taken in: what it throws makes the record a dead letter before its batch is planned. Called once per output, and never by
   * the next owner, for whom the batch is settled. Default: `encodeObject` alone says what it refuses.
   */
  readonly check?: (output: Output) => void;
  readonly write?: undefined;
}

/** Outputs encoded by a whole-object format: all of them in bytes, or the ones that it refuses. */
export type EncodedObject =
  | { readonly bytes: Uint8Array; readonly refused?: undefined }
  | { readonly refused: readonly RefusedOutput[]; readonly bytes?: undefined };

/** An output that a whole-object format cannot hold. */
export interface RefusedOutput {
  /** Its index among the outputs given. */
  readonly index: number;
  /** `KC_RECORD_POISON`, with a message that names the reason (a column, say) and holds nothing of the record. */
  readonly error: Error;
}

/** A format: makes an object of the outputs of a batch, one by one or all of an object at once. */
export type Format<Output> = RecordFormat<Output> | ObjectFormat<Output>;
