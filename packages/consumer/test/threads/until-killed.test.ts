import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { type Clock, systemClock } from "@kinesis-connectors/local";
import { describe, expect, it } from "vitest";

import { numbered, startAws, STREAM, until } from "../connector/support.js";
import { listening, moduleOf, startProcess, threadedOptions } from "./support.js";

const MINUTE_MS = 60_000;

describe("a process that reads a range of time", () => {
  it.each([undefined, 2])(
    "F43 killed at any moment and started again, delivers all of the range, ends by itself, and has nothing left to do: threads %s",
    async (threads) => {
      let aheadMs = -60 * MINUTE_MS;
      const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
      await using local = await startAws({ shards: 2, local: { clock } });
      using told = listening();
      const wanted = numbered(1, 600).map(({ data }) => data);
      local.kinesis.putRecords(STREAM, numbered(1, 600));
      const at = new Date(clock.now() + 10_000);
      aheadMs = -45 * MINUTE_MS;
      local.kinesis.putRecords(STREAM, numbered(601, 700));
      aheadMs = 0;
      const pipeline = moduleOf("texts", told, { maxRecords: "9" });
      const { threads: _threads, ...options } = threadedOptions(local, pipeline, 1);
      const given = {
        ...options,
        ...(threads === undefined ? {} : { threads }),
        // A killed owner's shards are free after this.
        leases: { ...options.leases, failoverTimeMs: 2_000 },
        until: { at },
      };
      for (const share of [1, 150, 300]) {
        const dying = startProcess(given, {});
        await until(() => told.outputs().length > share);
        dying.kill();
        await dying.ended;
      }
      const last = await startProcess(given, {}).ended;
      expect(last).toEqual({ said: {}, exitCode: 0 });
      // What was emitted and not committed when it was killed is emitted again: this emitter has no plan.
      expect([...new Set(told.outputs())].toSorted()).toEqual(wanted.toSorted());
      const dynamodb = new DynamoDBClient(local.clientOptions("dynamodb"));
      const rows = (await dynamodb.send(new ScanCommand({ TableName: "clicks-to-memory" }))).Items ?? [];
      dynamodb.destroy();
      expect(rows.map((row) => [row["checkpoint"]?.S, row["kcUntilMs"]?.N])).toEqual(
        rows.map(() => ["SHARD_END", `${at.getTime()}`]),
      );
      const count = told.outputs().length;
      expect(await startProcess(given, {}).ended).toEqual({ said: {}, exitCode: 0 });
      expect(told.outputs()).toHaveLength(count);
    },
  );
});
