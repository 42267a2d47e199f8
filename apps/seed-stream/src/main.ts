import {
  clicks,
  inputFile,
  kinesisClient,
  openInput,
  putLines,
  readLines,
  recordCount,
  runSample,
  SAMPLE_FLAGS,
  streamName,
  toggle,
} from "@kinesis-connectors/app-sample";

const USAGE = `seed-stream --stream NAME [--input FILE | --records N --seed N] [--allow-insecure]
Puts each line of a file (- for standard input) into a Kinesis stream as one record, or generated clicks where no file is named.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS leads to a local server, and with
--allow-insecure to another machine over http, readable on the way.`;

await runSample("seed-stream", {
  usage: USAGE,
  flags: {
    stream: streamName,
    input: inputFile,
    records: recordCount(100_000),
    seed: SAMPLE_FLAGS.seed,
    "allow-insecure": toggle,
  },
  run: async ({ stream, input, records, seed, "allow-insecure": allowInsecure }, { signal, progress }) => {
    const client = await kinesisClient({ allowInsecure });
    const startMs = performance.now();
    let put = 0;
    using _watched = progress.watch(() => ({
      share: input === undefined ? put / records : undefined,
      text: `put ${put}  ${Math.round((put * 1000) / Math.max(1, performance.now() - startMs))} records/s`,
    }));
    await putLines(input === undefined ? clicks(records, seed) : readLines(openInput(input)), {
      client,
      stream,
      signal,
      onWritten: (written) => (put += written.length),
    });
  },
});
