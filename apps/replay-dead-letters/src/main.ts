import { KinesisClient } from "@aws-sdk/client-kinesis";
import { ProgressBar, readFlags, runApp, UsageError } from "@kinesis-connectors/app-seed-stream";
import { replay } from "./replay.js";

const USAGE = `npm run replay-dead-letters -- --bucket NAME --stream NAME [--prefix P]
Puts records that were set aside as dead letters back into a stream, once what they failed on has been mended: each with its own
partition key and bytes, in the order of the objects. The objects stay; delete them when the records have landed.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS and _S3 lead to local servers.`;

await runApp("replay-dead-letters", async () => {
  const flags = readFlags({
    options: {
      bucket: { type: "string", default: "" },
      prefix: { type: "string", default: "" },
      stream: { type: "string", default: "" },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { bucket, prefix, stream } = flags;
  if (bucket === "")
    throw new UsageError("--bucket names no bucket: give the one that holds the dead letters");
  if (stream === "") throw new UsageError("--stream names no stream: give the name of one that exists");
  const bar = new ProgressBar();
  const client = new KinesisClient();
  const placed = await replay(
    { bucket, ...(prefix === "" ? {} : { prefix }) },
    { client, stream, onPlaced: (count) => bar.show(undefined, `${count} records put back`) },
  );
  bar.finish(`${placed} records put back into ${stream}`);
  return 0;
});
