import {
  bucketName,
  figuresOf,
  oneOf,
  runSample,
  streamName,
  textOr,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { archivePipeline } from "./archive.js";

const USAGE = `archive-to-s3 --stream NAME --bucket NAME [--prefix P --format ndjson|lines --application NAME --max-records N --max-age-ms N]
Archives a Kinesis stream to S3 until it is stopped (Ctrl-C): every record once, in gzipped objects.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS, _S3 and _DYNAMODB lead to local servers.`;

await runSample("archive-to-s3", {
  usage: USAGE,
  flags: {
    stream: streamName,
    bucket: bucketName,
    prefix: textOr("archive"),
    format: oneOf("ndjson", "lines"),
    application: textOr("archive-to-s3"),
    "max-records": wholeNumber(100_000, { max: 10_000_000 }),
    "max-age-ms": wholeNumber(60_000, { max: 86_400_000 }),
  },
  run: async (flags, { signal, progress }) => {
    const { stream, bucket, prefix, format, application } = flags;
    const { "max-records": maxRecords, "max-age-ms": maxAgeMs } = flags;
    await using connector = await startConnector({
      application,
      stream,
      pipeline: archivePipeline({ bucket, prefix, format, maxRecords, maxAgeMs, logger: console }),
      logger: console,
      signal,
    });
    process.stderr.write(`archiving ${stream} to s3://${bucket}/${prefix}; Ctrl-C stops\n`);
    using _watched = progress.watch(() => figuresOf(connector));
    await connector.done;
  },
});
