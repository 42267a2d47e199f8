import { readFlags, UsageError, wholeNumberFlag } from "@kinesis-connectors/app-seed-stream";

/** What `npm run chaos -- --help` prints. */
export const USAGE = `npm run chaos -- [--workers N] [--shards N] [--seconds N] [--seed N] [--retrieval polling|fan-out] [--rate N] [--json]
Real worker processes archive a stream to S3, all on loopback, while a seeded schedule kills them, pauses them, splits and merges shards,
throttles, resets connections and loses replies; then everything drains and is compared with what was put.
  --workers N    worker processes (default 3)
  --shards N     shards to begin with (default 8)
  --seconds N    how long things go wrong (default 60)
  --seed N       of the schedule and of the faults (default 1)
  --retrieval R  polling (default) or fan-out
  --rate N       records put per second (default 500)
  --json         the last line on standard output is one JSON object`;

/** The flags, checked. */
export interface ChaosOptions {
  readonly workers: number;
  readonly shards: number;
  readonly seconds: number;
  readonly seed: number;
  readonly retrieval: "polling" | "fan-out";
  readonly rate: number;
  readonly json: boolean;
  readonly help: boolean;
}

/** @throws UsageError naming the flag and what it takes */
export function readOptions(): ChaosOptions {
  const flags = readFlags({
    options: {
      workers: { type: "string", default: "3" },
      shards: { type: "string", default: "8" },
      seconds: { type: "string", default: "60" },
      seed: { type: "string", default: "1" },
      retrieval: { type: "string", default: "polling" },
      rate: { type: "string", default: "500" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { retrieval } = flags;
  if (retrieval !== "polling" && retrieval !== "fan-out") {
    throw new UsageError(`--retrieval takes polling or fan-out, but got ${JSON.stringify(retrieval)}`);
  }
  return {
    workers: wholeNumberFlag("workers", flags.workers),
    shards: wholeNumberFlag("shards", flags.shards),
    seconds: wholeNumberFlag("seconds", flags.seconds),
    seed: wholeNumberFlag("seed", flags.seed, 0),
    retrieval,
    rate: wholeNumberFlag("rate", flags.rate),
    json: flags.json,
    help: flags.help,
  };
}
