import { type Clock, type Emitter, sleep } from "@kinesis-connectors/core";
import { describe, expect, test } from "vitest";

import { coreEngine } from "../support/core-engine.js";
import { Fleet, type Member } from "../support/fleet.js";
import { shardIdOf } from "../support/shards.js";

const S0 = shardIdOf(0);
const F = 10_000;

/** One write that reached the destination: when, by whom, which records. */
interface Landed {
  readonly atMs: number;
  readonly by: string;
  readonly outputs: readonly string[];
}

/** A worker whose emitter has no plan and writes to `landed`; requests fail while `isDown` says so. */
async function startWriter(
  fleet: Fleet,
  name: string,
  landed: Landed[],
  isDown: () => boolean = () => false,
): Promise<Member> {
  const clocks: Clock[] = [];
  const emitter: Emitter<string> = {
    capabilities: { duplicates: "possible", ordering: "shard" },
    emit: async ({ entries }) => {
      if (isDown()) throw new Error("the destination is away");
      landed.push({ atMs: fleet.time.nowMs, by: name, outputs: entries.map(({ output }) => output) });
      await sleep(clocks[0] as Clock, 50);
      return { failed: [] };
    },
  };
  const member = fleet.member({
    leases: { failoverTimeMs: F },
    ownerId: `${name}:1`,
    runShard: async (assignment) =>
      await coreEngine(fleet, { clock: clocks[0] as Clock, emitter, idleMs: 200 })(assignment),
  });
  clocks.push(member.clock);
  await fleet.time.until(member.worker.start());
  return member;
}

describe("a process that is stopped for longer than its lease lasts (SIGSTOP), with an emitter without a plan", () => {
  // Which timer of the process fires first when it goes on depends on where it was stopped.
  const moments = Array.from({ length: 8 }, (_, index) => 4_000 + 130 * index);

  test.each(moments)(
    "F26 in the middle of its retries, after %i ms: it sends nothing any more when it goes on",
    async (pauseMs) => {
      const fleet = new Fleet(1);
      const landed: Landed[] = [];
      let isDown = true;
      const first = await startWriter(fleet, "first", landed, () => isDown);
      fleet.stream.put(S0, 5);
      await fleet.time.advance(pauseMs);
      first.clock.pause();
      isDown = false;
      await startWriter(fleet, "second", landed);
      await fleet.time.advance(3 * F);
      expect(landed.map(({ by }) => by)).toEqual(["second"]);
      const resumedMs = fleet.time.nowMs;
      await first.clock.resumeByTurns();
      await fleet.time.advance(200);
      expect(landed.filter(({ by, atMs }) => by === "first" && atMs >= resumedMs)).toEqual([]);
      expect(first.eventsOf("lease-lose")).toMatchObject([{ shardId: S0 }]);
      await fleet.stopAll();
      expect(landed.flatMap(({ outputs }) => outputs)).toEqual(fleet.stream.allRecords());
    },
  );

  test.each(moments)(
    "F26 while it waits for records, after %i ms: what it reads when it goes on is not sent",
    async (pauseMs) => {
      const fleet = new Fleet(1);
      const landed: Landed[] = [];
      const first = await startWriter(fleet, "first", landed);
      fleet.stream.put(S0, 5);
      await fleet.time.advance(pauseMs);
      expect(landed).toHaveLength(1);
      first.clock.pause();
      await startWriter(fleet, "second", landed);
      await fleet.time.advance(F / 2);
      fleet.stream.put(S0, 5);
      await fleet.time.advance(3 * F);
      await first.clock.resumeByTurns();
      await fleet.time.advance(200);
      await fleet.stopAll();
      expect(landed.map(({ by }) => by)).toEqual(["first", "second"]);
      expect(landed.flatMap(({ outputs }) => outputs)).toEqual(fleet.stream.allRecords());
    },
  );
});
