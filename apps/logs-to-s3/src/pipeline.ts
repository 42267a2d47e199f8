import { cloudWatchLogs, type LogEvent } from "@kinesis-connectors/aws-records";
import { definePipeline, type Pipeline } from "@kinesis-connectors/core";
import type { LocalClientOptions } from "@kinesis-connectors/local";
import { gzip, ndjson, s3DeadLetters, s3Emitter, type S3Plan } from "@kinesis-connectors/s3";

/** Where the archive is. */
export interface Archive {
  readonly connection: LocalClientOptions;
  readonly bucket: string;
}

/** Archives each log event as a line of its own; records that cannot be read are dead letters. */
export function logsPipeline({ connection, bucket }: Archive): Pipeline<LogEvent, LogEvent, S3Plan, S3Plan> {
  return definePipeline({
    transformer: cloudWatchLogs(),
    buffer: { maxRecords: 5_000, maxAgeMs: 500 },
    emitter: s3Emitter<LogEvent>({
      ...connection,
      bucket,
      prefix: "events",
      format: ndjson(),
      compression: gzip(),
    }),
    deadLetters: s3DeadLetters({ ...connection, bucket, prefix: "dead-letters" }),
  });
}
