import type { Run } from "./run.js";
import { figure, type Spread, spread } from "../rows/spread.js";

/** What a shard takes in at most, in records a second (Kinesis Data Streams, "Quotas and limits"). */
const FULL_SHARD = 1_000;

/** Its answers hold a second's records and not the 10,000 that most rows read at a time: reading costs what it costs in this row, not in that one. */
const READ_IN_SECONDS = "read/varied-1000/clear";
const READ_AT_ONCE = "read/varied/clear";

/** Pipelines, and the rows that are gone through one behind the other. */
const PIPELINES: readonly (readonly [string, ...string[]])[] = [
  ["bytes passed on to lines", "pass-through/varied/clear"],
  ["parsed, filtered, the original bytes to lines", "filter/varied/clear"],
  ["parsed, filtered, mapped, written as JSON", "transform/varied/clear"],
  ["parsed, filtered, the original bytes, gzip -1, put to S3", "filter-s3-gzip-1/varied/clear"],
  ["the same, gzip -6", "filter-s3-gzip-6/varied/clear"],
  ["the same, gzip -1, in objects of ten records", "partitions-1000/varied-one-shard/clear"],
  [
    "parsed, put to Kinesis in the order of keys",
    "read-parse/varied/clear",
    "emit-kinesis-ordered/uniform/clear",
  ],
  ["parsed, put to DynamoDB by batches of 25", "read-parse/varied/clear", "emit-dynamodb/uniform/clear"],
  [
    "parsed, put to DynamoDB one by one (guarded)",
    "read-parse/varied/clear",
    "emit-dynamodb-guarded/uniform/clear",
  ],
];

/** How many full shards one core carries with each pipeline, by the rows of a run. What was not measured is left out. */
export function capacityCells({ rows }: Pick<Run, "rows">): string[][] {
  const perRecordNs = new Map(
    rows.map(({ name, set, transport, nsPerUnit }) => [`${name}/${set}/${transport}`, nsPerUnit]),
  );
  const inSeconds = perRecordNs.get(READ_IN_SECONDS);
  const atOnce = perRecordNs.get(READ_AT_ONCE);
  if (inSeconds === undefined || atOnce === undefined) return [];
  const moreNs = inSeconds.median - atOnce.median;
  const lines = PIPELINES.flatMap(([label, ...names]) => {
    const parts = names.flatMap((name) => perRecordNs.get(name) ?? []);
    return parts.length < names.length ? [] : [[label, figure(shardsOf(parts, moreNs), twoDigits)]];
  });
  return [["pipeline", "full shards on a core"], ...lines];
}

function shardsOf(parts: readonly Spread[], moreNs: number): Spread {
  const shards = (bound: keyof Spread): number =>
    1e9 / (FULL_SHARD * parts.reduce((sum, part) => sum + part[bound], moreNs));
  return spread([shards("max"), shards("median"), shards("min")]);
}

/** More would say more than was measured. */
function twoDigits(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en");
}
