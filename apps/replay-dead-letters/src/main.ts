import {
  bucketName,
  kinesisClient,
  runSample,
  streamName,
  text,
  toggle,
} from "@kinesis-connectors/app-sample";
import { replay } from "./replay.js";

const USAGE = `npm run replay-dead-letters -- --bucket NAME --stream NAME [--prefix P] [--allow-insecure]
Puts records that were set aside as dead letters back into a stream, once what they failed on has been mended: each with its own
partition key and bytes, in the order of the objects. The objects stay; delete them when the records have landed.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS and _S3 lead to local servers, and with --allow-insecure to other machines
over http, readable on the way.`;

await runSample("replay-dead-letters", {
  usage: USAGE,
  flags: { bucket: bucketName, prefix: text, stream: streamName, "allow-insecure": toggle },
  run: async ({ bucket, prefix, stream, "allow-insecure": allowInsecure }, { signal, progress }) => {
    const client = await kinesisClient({ allowInsecure });
    let put = 0;
    using _watched = progress.watch(() => ({ share: undefined, text: `put ${put} back into ${stream}` }));
    await replay(
      { bucket, allowInsecure, ...(prefix === undefined ? {} : { prefix }) },
      { client, stream, signal, onWritten: (count) => (put = count) },
    );
  },
});
