import { readFlags, runApp, UsageError, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";
import { startConnector } from "@kinesis-connectors/consumer";
import { archivePipeline } from "./archive.js";

const USAGE = `archive-to-s3 --stream NAME --bucket NAME [--prefix P --format ndjson|lines --application NAME --max-records N --max-age-ms N]
Archives a Kinesis stream to S3 until it is stopped (Ctrl-C): every record once, in gzipped objects.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS, _S3 and _DYNAMODB lead to local servers.`;

await runApp("archive-to-s3", async () => {
  const flags = readFlags({
    options: {
      stream: { type: "string", default: "" },
      bucket: { type: "string", default: "" },
      prefix: { type: "string", default: "archive" },
      format: { type: "string", default: "ndjson" },
      application: { type: "string", default: "archive-to-s3" },
      "max-records": { type: "string", default: "100000" },
      "max-age-ms": { type: "string", default: "60000" },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { stream, bucket, prefix, format, application } = flags;
  if (stream === "") throw new UsageError("--stream names no stream: give the name of one that exists");
  if (bucket === "") throw new UsageError("--bucket names no bucket: give the name of one that exists");
  if (format !== "ndjson" && format !== "lines")
    throw new UsageError(`--format takes ndjson or lines, but got ${JSON.stringify(format)}`);

  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());
  const pipeline = archivePipeline({
    bucket,
    prefix,
    format,
    maxRecords: wholeNumberFlag("max-records", flags["max-records"]),
    maxAgeMs: wholeNumberFlag("max-age-ms", flags["max-age-ms"]),
    logger: console,
  });
  try {
    await using connector = await startConnector({
      application,
      stream,
      pipeline,
      logger: console,
      signal: stop.signal,
    });
    process.stderr.write(`archiving ${stream} to s3://${bucket}/${prefix}; Ctrl-C stops\n`);
    await connector.done;
  } catch (thrown) {
    // Stopped while still starting: nothing has begun.
    if (thrown !== stop.signal.reason) throw thrown;
  }
  return 0;
});
