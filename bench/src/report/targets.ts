import type { ColdFigure } from "../cold/cold-figure.js";
import type { RowResult } from "../rows/rounds.js";
import { type Row, rowName } from "../rows/variant.js";
import { COMPARISONS } from "./comparisons.js";
import { type Spread, spread } from "../rows/spread.js";
import { perCpuSecond, perWallSecond, ratioOf } from "./summary.js";

/** A ratio that this project sets out to reach, inside one run. */
export interface Target {
  readonly text: string;
  readonly wanted: number;
  /** Whether less is better: then `wanted` is the most that it may be. */
  readonly isMost: boolean;
  /** Absent for ratios. */
  readonly unit: "ms" | "MB" | undefined;
  /** Undefined when a row that it needs was not measured. */
  readonly reached: Spread | undefined;
}

/** Two rows, the first by the second. */
interface Pair {
  readonly text: string;
  readonly of: string;
  readonly by: string;
  readonly least?: number;
  readonly most?: number;
  readonly isWall?: boolean;
}

const PAIRS: readonly Pair[] = [
  {
    text: "CPU of a GetRecords that returns 10 records, by Go's",
    of: "go-read/varied-10/clear",
    by: "read/varied-10/clear",
    most: 1,
  },
  {
    text: "the same with 100 records",
    of: "go-read/varied-100/clear",
    by: "read/varied-100/clear",
    most: 0.4,
  },
  {
    text: "the same with 10 records, in the first CPU-second of a process",
    of: "go-read-first/varied-10/clear",
    by: "read-first/varied-10/clear",
    most: 2.5,
  },
  {
    text: "polls of an idle shard over TLS, by the SDK as installed",
    of: "idle-poll/idle/tls",
    by: "sdk-idle-poll-as-installed/idle/tls",
    least: 6,
  },
  {
    text: "CPU of an object of 64 KiB, by the SDK's PutObject",
    of: "sdk-put-object/uniform/clear",
    by: "put-object/uniform/clear",
    most: 0.35,
  },
  {
    text: "batches of 10,000 in 1,000 partitions, by the same in one",
    of: "partitions-1000/varied-one-shard/clear",
    by: "partitions-1/varied-one-shard/clear",
    least: 0.33,
  },
  {
    text: "read, four shards by one",
    of: "read/varied/clear",
    by: "read/varied-one-shard/clear",
    least: 0.9,
  },
  {
    text: "parse and filter, by bare JSON.parse of the same documents",
    of: "read-parse/varied/clear",
    by: "floor-parse/varied/memory",
    least: 0.8,
  },
  {
    text: "a member picked behind an object, by parsing the whole",
    of: "read-pick/nested/clear",
    by: "read-parse/nested/clear",
    least: 1.8,
  },
  {
    text: "the same, in documents of four forms",
    of: "read-pick/varied/clear",
    by: "read-parse/varied/clear",
    least: 1.8,
  },
  {
    text: "put to Kinesis, by the SDK's PutRecords",
    of: "emit-kinesis/uniform/clear",
    by: "sdk-put-records/uniform/clear",
    least: 6,
  },
  {
    text: "guarded put to DynamoDB, by the SDK's PutItem",
    of: "emit-dynamodb-guarded/uniform/clear",
    by: "sdk-put-item/uniform/clear",
    least: 5,
  },
  {
    text: "put to DynamoDB, by the SDK's BatchWriteItem",
    of: "emit-dynamodb/uniform/clear",
    by: "sdk-batch-write/uniform/clear",
    least: 4,
  },
  {
    text: "read, by the SDK with connections kept",
    of: "read/varied/clear",
    by: "sdk/varied/clear",
    least: 8,
  },
  {
    text: "read, by the SDK as installed",
    of: "read/uniform/clear",
    by: "sdk-as-installed/uniform/clear",
    least: 8,
  },
  {
    text: "our protocol on the SDK's client, by the SDK as installed",
    of: "protocol-cbor/uniform/clear",
    by: "sdk-as-installed/uniform/clear",
    least: 8,
  },
  { text: "read, by Go's", of: "read/varied/clear", by: "go-read/varied/clear", least: 8 },
  { text: "parse and filter, by Go's", of: "read-parse/varied/clear", by: "go-parse/varied/clear", least: 3 },
  {
    text: "filter, gzip -6, put to S3, by Go's",
    of: "filter-s3-gzip-6/varied/clear",
    by: "go-objects/varied/clear",
    least: 2,
  },
  {
    text: "pass-through to NDJSON, by the SDK read alone",
    of: "pass-through/varied/clear",
    by: "sdk/varied/clear",
    least: 8,
  },
  {
    text: "filter by a picked member, original bytes, by bare JSON.parse",
    of: "pick/varied/clear",
    by: "floor-parse/varied/memory",
    least: 0.65,
  },
  {
    text: "filter by parsing each record, original bytes, by bare JSON.parse",
    of: "filter/varied/clear",
    by: "floor-parse/varied/memory",
    least: 0.65,
  },
  {
    text: "full transform, by parse and stringify in memory",
    of: "transform/varied/clear",
    by: "floor-transform/varied/memory",
    least: 0.75,
  },
  {
    text: "the same over TLS",
    of: "transform/varied/tls",
    by: "floor-transform/varied/memory",
    least: 0.65,
  },
  {
    text: "read and parse, by lifion-kinesis",
    of: "read-parse/uniform/clear",
    by: "lifion-parse/uniform/clear",
    least: 4,
  },
  {
    text: "aggregates, by the SDK and deaggregation",
    of: "read/aggregated/clear",
    by: "sdk/aggregated/clear",
    least: 4,
  },
  { text: "fan-out, by the SDK", of: "fan-out/uniform/clear", by: "sdk-fan-out/uniform/clear", least: 3 },
  {
    text: "pass-through with all metrics and outlets, by the same without",
    of: "telemetry/varied/clear",
    by: "pass-through/varied/clear",
    least: 0.99,
  },
  {
    text: "heavy documents on two threads, by one, by wall time",
    of: "threads-2/1kb/clear",
    by: "threads-1/1kb/clear",
    least: 1.8,
    isWall: true,
  },
];

/** What may be used of a process that begins, and of one that has nothing to do. */
const COLD: readonly { readonly name: string; readonly text: string; readonly most: number }[] = [
  { name: "import", text: "import of core, consumer and s3, CPU above bare Node", most: 250 },
  { name: "first-records", text: "first GetRecords after the start, CPU above bare Node", most: 400 },
  { name: "idle-rss", text: "worker with 64 idle shards, RSS", most: 85 },
];

/** Holds the rows against the targets. */
export function targetsOf(
  results: readonly RowResult[],
  cold: readonly ColdFigure[] = [],
): readonly Target[] {
  const byName = new Map(results.map((result) => [rowName(result.row), result]));
  const pairs = PAIRS.map(({ text, of, by, least, most, isWall }): Target => {
    const [one, other] = [byName.get(of), byName.get(by)];
    const rate = isWall === true ? perWallSecond : perCpuSecond;
    return {
      text,
      wanted: least ?? most ?? 1,
      isMost: least === undefined,
      unit: undefined,
      reached: one === undefined || other === undefined ? undefined : ratioOf(one, other, rate),
    };
  });
  const figures = COLD.map(({ name, text, most }): Target => {
    const found = cold.find((known) => known.name === name);
    return {
      text,
      wanted: most,
      isMost: true,
      unit: found?.unit ?? (name === "idle-rss" ? "MB" : "ms"),
      reached: found?.value,
    };
  });
  return [...pairs, ...figures, shapeTarget(byName)];
}

/** The engine's cost per record by a bare loop's, without what looking at the records costs. Less is better: turned round. */
function shapeTarget(byName: ReadonlyMap<string, RowResult>): Target {
  const ns = (name: string): ReadonlyMap<number, number> =>
    new Map(
      byName
        .get(`${name}/uniform/memory`)
        ?.rounds.map((measured) => [measured.round, 1e9 / perCpuSecond(measured)]),
    );
  const [look, loop, engine] = [ns("shape-look"), ns("shape-loop"), ns("shape-engine")];
  const ratios = [...engine].flatMap(([round, ours]) => {
    const [alone, bare] = [look.get(round), loop.get(round)];
    return alone === undefined || bare === undefined ? [] : [(bare - alone) / (ours - alone)];
  });
  return {
    text: "bare sync loop's cost, by the engine's (2.5 times the cost is 0.4)",
    wanted: 0.4,
    isMost: false,
    unit: undefined,
    reached: ratios.length === 0 ? undefined : spread(ratios),
  };
}

/** Whether it was reached, by the median. */
export function isReached({ wanted, isMost, reached }: Target): boolean | undefined {
  if (reached === undefined) return undefined;
  return isMost ? reached.median <= wanted : reached.median >= wanted;
}

/** Which rows are held against which, by their names: by the targets, and by the columns of ratios. */
export function pairsOf(rows: readonly Row[]): readonly (readonly [string, string])[] {
  const columns = rows.flatMap((row): (readonly [string, string])[] => {
    const { raw, floor, sdk, go } = COMPARISONS[row.variant.name] ?? {};
    const by = [
      ...[raw, sdk, go].map((name) => `${name}/${row.set}/${row.transport}`),
      `${floor}/${row.set}/memory`,
    ];
    return by.map((name) => [rowName(row), name] as const);
  });
  return [...columns, ...PAIRS.map(({ of, by }) => [of, by] as const)];
}
