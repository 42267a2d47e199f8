import { silentLogger } from "@kinesis-connectors/core";
import { jsonAuto, redshiftEmitter } from "@kinesis-connectors/redshift";
import { describe, expect, test } from "vitest";
import { Bucket } from "../src/services/bucket.js";
import { Network } from "../src/world/network.js";
import { SeededRandom } from "../src/world/random.js";
import { RedshiftDatabase, type TargetRow } from "../src/services/redshift-database.js";
import { Scheduler, settled } from "../src/world/scheduler.js";
import { SimProcess } from "../src/world/sim-process.js";
import { SimRedshift } from "../src/services/sim-redshift.js";
import { SimS3 } from "../src/services/sim-s3.js";
import { Trace } from "../src/world/trace.js";

const ROWS = [1, 2, 3, 4, 5];
const SEEDS = 60;

/** The same batch is loaded by several processes at once, each by a statement of its own; gives the rows that are there in the end. */
async function loadAtOnce(
  seed: number,
  loaders: number,
  lock: "kept" | "ignored" | "after-read",
): Promise<readonly TargetRow[]> {
  const random = new SeededRandom(seed, 1);
  const scheduler = new Scheduler(random);
  const network = new Network(scheduler, random, new Trace());
  const bucket = new Bucket(() => undefined);
  const s3 = new SimS3({
    bucket,
    network,
    random,
    temper: { conflicts: 0, errorsInside: 0 },
    broken: undefined,
  });
  const there: TargetRow[] = [];
  const database = new RedshiftDatabase({
    scheduler,
    random,
    temper: { failures: 0, slow: 0.05 },
    objects: bucket.objects,
    loaded: (rows) => there.push(...rows),
    lock,
  });
  const api = new SimRedshift(database, network, random);
  let done = 0;
  for (let index = 0; index < loaders; index += 1) {
    const process = new SimProcess(`w${index}`, scheduler, seed * 10 + index);
    const emitter = redshiftEmitter<{ id: number }>({
      client: api.clientOf(process),
      workgroup: "simulated",
      database: "simulated",
      table: "rows",
      iamRole: "default",
      staging: { client: s3.clientOf(process), bucket: "simulated" },
      format: jsonAuto(),
      compression: "none",
    });
    const batch = batchOf();
    const plan = emitter.plan?.(batch);
    if (plan === undefined) throw new Error("the emitter has no plan");
    const emission = emitter.emit(batch, {
      plan,
      // Not the first try: its token would lead all of them to one statement.
      attempt: 2,
      inherited: true,
      signal: new AbortController().signal,
      logger: silentLogger,
      clock: process.clock,
      random: process.random,
    });
    void emission.then(({ failed }) => {
      expect(failed).toEqual([]);
      done += 1;
    });
  }
  await settled();
  expect(await scheduler.runUntil(600_000, () => done === loaders)).toBe(true);
  return there;
}

function batchOf() {
  const entries = ROWS.map((id) => ({
    output: { id },
    record: {
      sequenceNumber: String(id),
      subSequenceNumber: 0,
      partitionKey: "k",
      data: new Uint8Array(),
      arrivalTimeMs: 0,
    },
    bytes: 10,
  }));
  return {
    batchId: "0123456789abcdef0123456789abcdef",
    application: "simulation",
    stream: "sim",
    shardId: "shardId-000000000000",
    first: { sequenceNumber: "1", subSequenceNumber: 0 },
    last: { sequenceNumber: "5", subSequenceNumber: 0 },
    recordCount: ROWS.length,
    entries,
    bytes: 50,
    reason: "records" as const,
    gap: false,
  };
}

describe("loaders of one batch at the same time", () => {
  test.each([2, 3])("F63 %i of them: each row is there once", async (loaders) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const there = await loadAtOnce(seed, loaders, "kept");
      expect({ seed, ids: there.map(({ id }) => id) }).toEqual({ seed, ids: ROWS });
    }
  });

  test.each(["ignored", "after-read"] as const)("a lock that is %s lets rows in twice", async (lock) => {
    let twice = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1)
      if ((await loadAtOnce(seed, 2, lock)).length > ROWS.length) twice += 1;
    expect(twice).toBeGreaterThan(0);
  });
});
