import { createAggregator } from "@kinesis-connectors/wire";
import type { Rig } from "../rig/rig.js";
import type { Row } from "../rig/lease-rows.js";
import { shardId } from "../rig/shards.js";
import type { WorkerSettings } from "../rig/worker-settings.js";
import type { Run, Scenario } from "./scenario.js";

/** What a row that another kind left behind says, and what its heir reads of the records before the row, between row and heir, and after. */
export const positions: Scenario = {
  name: "positions",
  shows:
    "rows at LATEST, TRIM_HORIZON, AT_TIMESTAMP and inside of an aggregate, and rows that are no leases, taken over by the other kind",
  runs: [run("2.7.2"), run("3.5.1")],
};

interface Case {
  readonly name: string;
  readonly heir: "java" | "ours";
  /** The row's checkpoint; `aggregate` is in the middle of one of five records. */
  readonly checkpoint: "LATEST" | "TRIM_HORIZON" | "AT_TIMESTAMP" | "aggregate";
  /** Whether a worker of ours wrote the row: it then tells of the time at which it was written. */
  readonly isOurs: boolean;
  /** The heir's own initial position; `same` is the time of the row. */
  readonly position: "LATEST" | "TRIM_HORIZON" | "same";
  readonly reads: readonly Part[];
  /** Rows of KCL 3.5 that are no leases, in the same table. */
  readonly foreignRows?: true;
}

/** Records put before the row was written, after it and before the heir started, and while the heir ran; and the second half of an aggregate. */
type Part = "old" | "gap" | "new" | "rest";

const CASES: readonly Case[] = [
  // LATEST is a moment. Our rows tell which, and our heirs keep to it; Java's do not, and Java's heirs begin at their own LATEST: what came between is not read.
  {
    name: "ours-of-java-latest",
    heir: "ours",
    checkpoint: "LATEST",
    isOurs: false,
    position: "LATEST",
    reads: ["new"],
  },
  {
    name: "ours-of-ours-latest",
    heir: "ours",
    checkpoint: "LATEST",
    isOurs: true,
    position: "LATEST",
    reads: ["gap", "new"],
  },
  {
    name: "java-of-ours-latest",
    heir: "java",
    checkpoint: "LATEST",
    isOurs: true,
    position: "LATEST",
    reads: ["new"],
  },
  {
    name: "ours-of-java-horizon",
    heir: "ours",
    checkpoint: "TRIM_HORIZON",
    isOurs: false,
    position: "LATEST",
    reads: ["old", "gap", "new"],
  },
  {
    name: "java-of-ours-horizon",
    heir: "java",
    checkpoint: "TRIM_HORIZON",
    isOurs: true,
    position: "LATEST",
    reads: ["old", "gap", "new"],
  },
  {
    name: "ours-of-java-time",
    heir: "ours",
    checkpoint: "AT_TIMESTAMP",
    isOurs: false,
    position: "same",
    reads: ["gap", "new"],
  },
  {
    name: "java-of-ours-time",
    heir: "java",
    checkpoint: "AT_TIMESTAMP",
    isOurs: true,
    position: "same",
    reads: ["gap", "new"],
  },
  {
    name: "ours-of-java-aggregate",
    heir: "ours",
    checkpoint: "aggregate",
    isOurs: false,
    position: "TRIM_HORIZON",
    reads: ["rest", "gap", "new"],
  },
  {
    name: "java-of-ours-aggregate",
    heir: "java",
    checkpoint: "aggregate",
    isOurs: true,
    position: "TRIM_HORIZON",
    reads: ["rest", "gap", "new"],
  },
  {
    name: "ours-beside-foreign-rows",
    heir: "ours",
    checkpoint: "TRIM_HORIZON",
    isOurs: false,
    position: "TRIM_HORIZON",
    reads: ["old", "gap", "new"],
    foreignRows: true,
  },
];
const BESIDE_FOREIGN_ROWS = {
  name: "java-beside-foreign-rows",
  heir: "java",
  checkpoint: "TRIM_HORIZON",
  isOurs: false,
  position: "TRIM_HORIZON",
  foreignRows: true,
} as const;
const THIRD_BESIDE_FOREIGN_ROWS: Case = { ...BESIDE_FOREIGN_ROWS, reads: ["old", "gap", "new"] };
/** KCL 2.7.2 fails on such a row with a NullPointerException, at every look: it never begins. */
const SECOND_BESIDE_FOREIGN_ROWS: Case = { ...BESIDE_FOREIGN_ROWS, reads: [] };

const FOREIGN_ROWS: readonly Row[] = [
  {
    leaseKey: { S: "Migration3.0" },
    entityType: { S: "CLIENT_VERSION_MIGRATION" },
    cv: { S: "CLIENT_VERSION_2X" },
    mb: { S: "operator" },
    mts: { N: "1" },
    h: { L: [] },
  },
  {
    leaseKey: { S: "worker-7" },
    entityType: { S: "WORKER_METRIC_STATS" },
    lut: { N: "1" },
    sts: { M: {} },
    opr: { M: {} },
  },
];

const PARTS: readonly Part[] = ["old", "rest", "gap", "new"];
const RECORDS = 5;
/** Sub-sequence number of the checkpoint inside of an aggregate of five. */
const MIDDLE = 2;
const BEGIN_LIMIT_MS = 120_000;
const READ_LIMIT_MS = 60_000;
/** After everything expected was read: time for what should not be. */
const AFTERWARDS_MS = 3_000;

function run(version: Run["version"]): Run {
  return { version, mode: "", shards: 1, settings: {}, play: (rig) => play(rig, version) };
}

async function play(rig: Rig, version: Run["version"]): Promise<void> {
  const cases = [...CASES, version === "2.7.2" ? SECOND_BESIDE_FOREIGN_ROWS : THIRD_BESIDE_FOREIGN_ROWS];
  for (const each of cases) await prepare(rig, each);
  for (const each of cases) await start(rig, each);
  const names = new Set(cases.filter(({ reads }) => reads.length > 0).map(({ name }) => name));
  await rig.expect(
    "every heir has begun",
    () => [...names].every((name) => rig.events().some(({ w, type }) => w === name && type === "begin")),
    { limitMs: BEGIN_LIMIT_MS },
  );
  for (const { name, reads } of cases) put(rig, name, "new", reads);
  await rig.drained(rig.producer, READ_LIMIT_MS);
  await rig.wait(AFTERWARDS_MS);
  for (const each of cases) judge(rig, each);
}

/** A stream and a row: records before the row, the row, records after it. */
async function prepare(rig: Rig, { name, checkpoint, isOurs, reads, foreignRows }: Case): Promise<void> {
  rig.aws.kinesis.createStream({ name, shardCount: 1 });
  put(rig, name, "old", reads);
  const sequence = checkpoint === "aggregate" ? putAggregate(rig, name, reads) : checkpoint;
  // Arrival times tell what is before the row and what is after it.
  await rig.wait(20);
  const rows = rig.rowsOf(name);
  await rows.create();
  await rows.put({
    leaseKey: { S: shardId(0) },
    leaseCounter: { N: "3" },
    ownerSwitchesSinceCheckpoint: { N: "0" },
    checkpoint: { S: sequence },
    checkpointSubSequenceNumber: { N: checkpoint === "aggregate" ? String(MIDDLE) : "0" },
    startingHashKey: { S: "0" },
    endingHashKey: { S: String(2n ** 128n - 1n) },
    ...(isOurs ? { kcOwner: { S: "dead:1" } } : {}),
    ...(isOurs && (checkpoint === "LATEST" || checkpoint === "AT_TIMESTAMP")
      ? { kcStartTimestampMs: { N: String(Date.now()) } }
      : {}),
  });
  for (const row of foreignRows === true ? FOREIGN_ROWS : []) await rows.put(row);
  writtenMs.set(name, Date.now());
  await rig.wait(20);
  put(rig, name, "gap", reads);
}

const writtenMs = new Map<string, number>();

async function start(rig: Rig, { name, heir, position }: Case): Promise<void> {
  const settings: WorkerSettings = {
    application: name,
    stream: name,
    position: position === "same" ? (writtenMs.get(name) ?? 0) : position,
  };
  await rig[heir](name, settings);
  // All at once would starve each other at their start.
  await rig.wait(heir === "java" ? 1_500 : 200);
}

/** Puts a part; what the heir is to read of it counts as sent. */
function put(rig: Rig, stream: string, part: Part, reads: readonly Part[]): void {
  const payloads = Array.from({ length: RECORDS }, (_, index) => `${stream}:${part}:${index}`);
  rig.aws.kinesis.putRecords(
    stream,
    payloads.map((data) => ({ partitionKey: "k", data })),
  );
  if (reads.includes(part)) for (const payload of payloads) rig.producer.sent.add(payload);
}

/** Puts an aggregate whose records behind the middle are the part `rest`; gives its sequence number. */
function putAggregate(rig: Rig, stream: string, reads: readonly Part[]): string {
  const payloads = Array.from(
    { length: RECORDS },
    (_, index) => `${stream}:${index <= MIDDLE ? "old" : "rest"}:a${index}`,
  );
  const aggregator = createAggregator();
  for (const payload of payloads) aggregator.add({ partitionKey: "k", data: Buffer.from(payload) });
  const aggregate = aggregator.flush();
  const [record] = aggregate === undefined ? [] : rig.aws.kinesis.putRecords(stream, [aggregate]);
  for (const payload of payloads)
    if (payload.includes(":rest:") && reads.includes("rest")) rig.producer.sent.add(payload);
  return record?.sequenceNumber ?? "";
}

/** What is read is what docs/migrating-from-the-kcl.md says: no less, which would be lost, and no more. */
function judge(rig: Rig, { name, reads }: Case): void {
  const found = new Set<string>();
  for (const { w, records = [] } of rig.events())
    if (w === name) for (const [payload] of records) found.add(payload.split(":")[1] ?? "");
  const seen = PARTS.filter((part) => found.has(part));
  const expected = PARTS.filter((part) => reads.includes(part));
  if (seen.join() !== expected.join())
    rig.problems.push(
      `${name} read ${seen.join(" ") || "nothing"} where ${expected.join(" ") || "nothing"} was expected`,
    );
}
