import { oneOf, SAMPLE_FLAGS, wholeNumber } from "@kinesis-connectors/app-sample";

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

/** The flags of the chaos run. */
export const FLAGS = {
  ...SAMPLE_FLAGS,
  workers: wholeNumber(3, { max: 64 }),
  shards: wholeNumber(8, { max: 200 }),
  seconds: wholeNumber(60, { max: 86_400 }),
  retrieval: oneOf("polling", "fan-out"),
  rate: wholeNumber(500, { max: 100_000 }),
} as const;

/** The flags, read. */
export interface ChaosOptions {
  readonly workers: number;
  readonly shards: number;
  readonly seconds: number;
  readonly seed: number;
  readonly retrieval: "polling" | "fan-out";
  readonly rate: number;
}
