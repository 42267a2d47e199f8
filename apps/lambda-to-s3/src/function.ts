import { definePipeline, json, MiB } from "@kinesis-connectors/core";
import { kinesisHandler } from "@kinesis-connectors/lambda";
import { gzip, ndjson, s3DeadLetters, s3Emitter } from "@kinesis-connectors/s3";

interface Click {
  readonly id: number;
  readonly page: string;
}

const bucket = process.env["BUCKET"] ?? "clicks-archive";

const archive = definePipeline({
  transformer: json<Click>().original(),
  filter: (click) => click.page !== "/help",
  buffer: { maxRecords: 2_000, maxBytes: 4 * MiB },
  emitter: s3Emitter({ bucket, prefix: "clicks", format: ndjson(), compression: gzip() }),
  deadLetters: s3DeadLetters({ bucket, prefix: "dead-letters" }),
});

/** What Lambda calls. */
export const handler = kinesisHandler({ application: "click-archive", pipeline: archive });
