import {
  type Flag,
  oneOf,
  recordCount,
  SAMPLE_FLAGS,
  toggle,
  UsageError,
  wholeNumber,
} from "@kinesis-connectors/app-sample";

export const USAGE = `npm run replay -- [--archive] [--from T --until T --records N --shards N --kills N --format records|ndjson --max-bytes-per-second N --live-seconds N --seed N --json]
Runs a range of time of a stream once more beside the live connector, all on loopback: an hour of records, a live connector that has
delivered them and goes on with what is put now, and a replay of --from to --until in a process of its own, killed (kill -9) and started again
--kills times. Prints how far behind the live connector is with and without the replay, and compares what the replay landed with what was put.
T is how long ago (40m), up to 60m and at least 10m. --kills is 0 by default.
--archive replays an archive on S3 instead: of the stream that a live connector keeps a table in DynamoDB of, into that table, in which nothing may change,
and into an empty one, which must become the same; --from, --until, --format and --live-seconds mean nothing then. It takes minutes: each shard is read at --max-bytes-per-second, twice.`;

/** A moment, as how many milliseconds ago. */
function ago(byDefault: string): Flag<number> {
  return {
    type: "string",
    read: (given, name) => {
      const text = typeof given === "string" ? given : byDefault;
      const [, minutes] = /^(\d+(?:\.\d+)?)m$/.exec(text) ?? [];
      const ms = Number(minutes ?? Number.NaN) * 60_000;
      if (ms >= 600_000 && ms <= 3_600_000) return ms;
      throw new UsageError(`--${name} takes how long ago, from 60m to 10m, but got ${JSON.stringify(text)}`);
    },
  };
}

export const FLAGS = {
  ...SAMPLE_FLAGS,
  archive: toggle,
  from: ago("40m"),
  until: ago("20m"),
  records: recordCount(60_000),
  kills: wholeNumber(0, { min: 0, max: 100 }),
  format: oneOf("ndjson", "records"),
  "max-bytes-per-second": wholeNumber(512 * 1024, { max: 2 ** 31 }),
  "live-seconds": wholeNumber(8, { max: 600 }),
} as const;
