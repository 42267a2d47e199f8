import { KinesisClient } from "@aws-sdk/client-kinesis";
import { bucketName, runSample, streamName, text } from "@kinesis-connectors/app-sample";
import { replay } from "./replay.js";

const USAGE = `npm run replay-dead-letters -- --bucket NAME --stream NAME [--prefix P]
Puts records that were set aside as dead letters back into a stream, once what they failed on has been mended: each with its own
partition key and bytes, in the order of the objects. The objects stay; delete them when the records have landed.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS and _S3 lead to local servers.`;

await runSample("replay-dead-letters", {
  usage: USAGE,
  flags: { bucket: bucketName, prefix: text, stream: streamName },
  run: async ({ bucket, prefix, stream }, { signal, progress }) => {
    let put = 0;
    using _watched = progress.watch(() => ({ share: undefined, text: `put ${put} back into ${stream}` }));
    await replay(
      { bucket, ...(prefix === undefined ? {} : { prefix }) },
      { client: new KinesisClient(), stream, signal, onWritten: (count) => (put = count) },
    );
  },
});
