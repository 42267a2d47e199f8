import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  asError,
  ByteBudget,
  type DeadLetter,
  definePipeline,
  type Emitter,
  json,
  MiB,
  processShard,
  systemClock,
  systemRandom,
} from "@kinesis-connectors/core";
import { jsonAuto, redshiftEmitter } from "@kinesis-connectors/redshift";
import { memoryCheckpointer, recordsOf, simulatedShard } from "@kinesis-connectors/testkit";
import { type CrashPoint, startCrashProxy } from "./crash-proxy.js";
import { type LocalRedshift, startRedshift } from "./local-redshift.js";

let redshift: LocalRedshift;
beforeAll(async () => {
  redshift = await startRedshift();
});
afterAll(() => redshift[Symbol.asyncDispose]());

/** From one crash point to the next, where they are many: each is a whole run. `CRASH_POINT_STEP=1` takes every one. */
const STEP = Number(process.env["CRASH_POINT_STEP"] ?? 3);

const NEVER: CrashPoint = {
  at: Number.POSITIVE_INFINITY,
  phase: "before",
  crash: () => undefined,
  requests: 0,
};

/** A shard, its lease row and its table: owners come and go. */
async function createWorld(table: string, rows: readonly object[]) {
  await redshift.query(`CREATE TABLE ${table} (id INTEGER NOT NULL, name VARCHAR(10))`);
  const checkpointer = memoryCheckpointer();
  const letters = new Set<string>();
  const shard = simulatedShard(recordsOf(rows.map((row) => JSON.stringify(row))), {
    clock: systemClock,
    pageRecords: 100,
  });
  shard.close();
  const deadLetters: Emitter<DeadLetter> = {
    capabilities: { duplicates: "none", ordering: "none" },
    emit: ({ entries }) => {
      for (const { output } of entries) letters.add(output.sequenceNumber);
      return Promise.resolve({ failed: [] });
    },
  };
  /** Runs an owner to the end of the shard, or to its crash. */
  const own = async (point: CrashPoint, crashed: AbortController): Promise<Error | undefined> => {
    await using s3 = await startCrashProxy(redshift.aws.endpoints.s3, point);
    await using api = await startCrashProxy(redshift.aws.endpoints.redshift, point);
    const emitter = redshiftEmitter<object>({
      ...redshift.options,
      endpoint: api.endpoint,
      staging: { ...redshift.options.staging, prefix: table, endpoint: s3.endpoint },
      table,
      columns: ["id", "name"],
      format: jsonAuto(),
      maxObjectBytes: 60,
    });
    try {
      await processShard(
        definePipeline({
          transformer: json<object>().to((row) => row),
          buffer: { maxRecords: 8 },
          emitter,
          deadLetters,
        }),
        {
          application: table,
          stream: "orders",
          shardId: "shardId-000000000000",
          source: shard,
          checkpointer,
          initialPosition: { type: "trim-horizon" },
          clock: systemClock,
          random: systemRandom,
          budget: new ByteBudget(16 * MiB),
          observe: () => undefined,
          stopSignal: new AbortController().signal,
          abortSignal: crashed.signal,
        },
      );
      return undefined;
    } catch (error) {
      return asError(error);
    } finally {
      await emitter.close?.();
    }
  };
  const ids = async (): Promise<number[]> =>
    (await redshift.query(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));
  return { own, ids, letters };
}

describe("a crash at every request of a load, before it arrives and after it is applied", () => {
  it.each([
    ["with good rows", Array.from({ length: 8 }, (_, id) => ({ id })), 8, 0],
    ["with a row that is refused", [{ id: 0 }, { id: 1 }, { id: "x" }, { id: 3 }, { id: 4 }], 4, 1],
  ] as const)(
    "K31 F63 F64 loses nothing and loads nothing twice: %s",
    async (_name, rows, loaded, refused) => {
      let crashes = 0;
      for (const phase of ["before", "after"] as const) {
        const step = refused > 0 ? STEP : 1;
        // The one half begins where the other does not.
        for (let at = phase === "before" ? 1 : step; ; at += step) {
          const world = await createWorld(`crash_${loaded}_${phase}_${at}`, rows);
          const crashed = new AbortController();
          const point: CrashPoint = {
            at,
            phase,
            crash: () => crashed.abort(new Error("crashed")),
            requests: 0,
          };
          const failure = await world.own(point, crashed);
          // The point lies past the end: all of them have been gone through.
          if (failure === undefined) break;
          expect(failure.message).toBe("crashed");
          crashes += 1;
          expect(await world.own({ ...NEVER }, new AbortController())).toBeUndefined();
          const ids = await world.ids();
          expect({
            at,
            phase,
            ids: ids.length,
            distinct: new Set(ids).size,
            letters: world.letters.size,
          }).toEqual({
            at,
            phase,
            ids: loaded,
            distinct: loaded,
            letters: refused,
          });
        }
      }
      expect(crashes).toBeGreaterThan(10);
    },
  );
});
