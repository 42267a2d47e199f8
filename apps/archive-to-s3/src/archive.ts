import { bytes, definePipeline, type Logger, type Pipeline } from "@kinesis-connectors/core";
import { gzip, ndjson, raw, type S3ConnectionOptions, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";

/** What decides where the archive goes and how large its objects are. */
export interface ArchiveOptions {
  readonly bucket: string;
  readonly prefix: string;
  /** `ndjson`: each record is a JSON document. `lines`: each record is a line of text. */
  readonly format: "ndjson" | "lines";
  readonly maxRecords: number;
  readonly maxAgeMs: number;
  readonly logger?: Logger;
  /** How S3 is reached; default: the usual AWS variables. */
  readonly s3?: S3ConnectionOptions;
}

/** Archives every record's own bytes, untouched, in gzipped objects of many lines. */
export function archivePipeline(options: ArchiveOptions): Pipeline<Uint8Array, Uint8Array, S3Plan> {
  const { bucket, prefix, format, maxRecords, maxAgeMs, logger, s3 } = options;
  return definePipeline({
    transformer: bytes(),
    buffer: { maxRecords, maxBytes: 64 * 1024 * 1024, maxAgeMs },
    emitter: s3Emitter<Uint8Array>({
      ...s3,
      bucket,
      prefix,
      format: format === "ndjson" ? ndjson() : raw({ separator: "\n" }),
      compression: gzip(),
    }),
    ...(logger === undefined ? {} : { logger }),
  });
}
