import { KinesisClient } from "@aws-sdk/client-kinesis";
import { clicks } from "./clicks.js";
import { inputFlag, readFlags, runApp, UsageError, wholeNumberFlag } from "./command-line.js";
import { openInput, readLines } from "./lines.js";
import { ProgressBar } from "./progress-bar.js";
import { putLines } from "./put-records.js";

const USAGE = `seed-stream --stream NAME [--input FILE | --records N --seed N]
Puts each line of a file (- for standard input) into a Kinesis stream as one record, or generated clicks where no file is named.
Uses the usual AWS variables; AWS_ENDPOINT_URL_KINESIS leads to a local server.`;

await runApp("seed-stream", async () => {
  const flags = readFlags({
    options: {
      stream: { type: "string" },
      input: { type: "string" },
      records: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (flags.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (flags.stream === undefined || flags.stream === "")
    throw new UsageError("--stream names no stream: give the name of one that exists");
  const records = wholeNumberFlag("records", flags.records);
  const lines =
    flags.input === undefined
      ? clicks(records, wholeNumberFlag("seed", flags.seed, 0))
      : readLines(openInput(inputFlag(flags.input)));
  const expected = flags.input === undefined ? records : undefined;

  const bar = new ProgressBar();
  const startMs = performance.now();
  let placed = 0;
  const figures = (): string =>
    `${placed} records put, ${Math.round((placed * 1000) / Math.max(1, performance.now() - startMs))} records/s`;
  await putLines(lines, {
    client: new KinesisClient(),
    stream: flags.stream,
    onPlaced: (batch) => {
      placed += batch.length;
      bar.show(expected === undefined ? undefined : placed / expected, figures());
    },
  });
  bar.finish(figures());
  return 0;
});
