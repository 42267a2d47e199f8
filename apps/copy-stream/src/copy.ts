import { bytes, definePipeline, type Pipeline } from "@kinesis-connectors/core";
import { type KinesisConnectionOptions, kinesisEmitter } from "@kinesis-connectors/kinesis";

/** What decides how a stream is copied. */
export interface CopyOptions {
  /** The stream that is written. */
  readonly target: string;
  /** Whether many records travel in one, as the KPL packs them. */
  readonly aggregate: boolean;
  /** How the target is reached; default: the usual AWS variables. */
  readonly kinesis?: KinesisConnectionOptions;
}

/** Copies every record's own bytes under its own partition key. */
export function copyPipeline(options: CopyOptions): Pipeline<Uint8Array, Uint8Array> {
  const { target, aggregate, kinesis } = options;
  return definePipeline({
    transformer: bytes(),
    buffer: { maxRecords: 5_000, maxAgeMs: 500 },
    emitter: kinesisEmitter<Uint8Array>({ ...kinesis, stream: target, aggregate }),
    retry: { baseDelayMs: 20 },
  });
}
