import {
  adminPort,
  bucketName,
  figuresOf,
  oneOf,
  runSample,
  streamName,
  textOr,
  watch,
  wholeNumber,
} from "@kinesis-connectors/app-sample";
import { startConnector } from "@kinesis-connectors/consumer";
import { metricsTally } from "@kinesis-connectors/telemetry";
import { archivePipeline } from "./archive.js";

const USAGE = `archive-to-s3 --stream NAME --bucket NAME [--prefix P --format ndjson|lines --application NAME --max-records N --max-age-ms N --admin PORT]
Archives a Kinesis stream to S3 until it is stopped (Ctrl-C): every record once, in gzipped objects.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS, _S3 and _DYNAMODB lead to local servers.
--admin PORT serves health, metrics and state on loopback; with KC_ADMIN_TOKEN set, pause and drain too.`;

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
    admin: adminPort,
  },
  run: async (flags, { signal, progress }) => {
    const { stream, bucket, prefix, format, application } = flags;
    const { "max-records": maxRecords, "max-age-ms": maxAgeMs } = flags;
    const metrics = metricsTally({ application });
    await using connector = await startConnector({
      application,
      stream,
      pipeline: archivePipeline({ bucket, prefix, format, maxRecords, maxAgeMs, logger: console }),
      logger: console,
      observe: metrics.observe,
      signal,
    });
    await using _admin = await watch(connector, { port: flags.admin, metrics });
    process.stderr.write(`archiving ${stream} to s3://${bucket}/${prefix}; Ctrl-C stops\n`);
    using _watched = progress.watch(() => figuresOf(connector));
    await connector.done;
  },
});
