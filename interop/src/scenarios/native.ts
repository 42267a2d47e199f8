import type { Rig } from "../rig/rig.js";
import { shardId } from "../rig/shards.js";
import { recordsOf, unevennessPercent } from "../verdict/shares.js";
import { NATIVE, owns, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
/** KCL `reBalanceThresholdPercentage`. */
const EVEN_PERCENT = 10;
const EVEN_WITHIN_MS = 180_000;
const MEASURED_MS = 40_000;
/** A dead leader's lock counts for two minutes, and a look at the leases follows it. */
const LEADERLESS_MS = 270_000;

/** Two Java workers and two of ours in the KCL's own 3.x mode: as members of one fleet, and as heirs of one another. */
export const native: Scenario = {
  name: "native",
  shows:
    "the KCL's 3.x mode: throughput is even over two Java workers and two of ours, and each kind goes on without the other",
  runs: [
    {
      version: "3.5.1",
      mode: "native",
      shards: SHARDS,
      settings: { clientVersion: NATIVE, fleetModeMs: 5_000 },
      play,
    },
  ],
};

async function play(rig: Rig): Promise<void> {
  await rig.java("j1");
  // A KCL worker that finds the index of owners just made by another fails at its start, goes on, and never reports: one after the other.
  await rig.expect("Java owns all", owns(SHARDS, "j1"));
  await rig.java("j2");
  rig.producer.start(400);
  await rig.ours("t1");
  await rig.ours("t2");
  const evenMs = await rig.expect(
    "two Java workers and two of ours share",
    shares(SHARDS, "j1", "j2", "t1", "t2"),
    {
      limitMs: EVEN_WITHIN_MS,
    },
  );
  rig.figures["seconds until even"] = Math.round(evenMs / 1000);
  await measure(rig, "j1", "j2", "t1", "t2");

  rig.kill("j1");
  rig.kill("j2");
  await rig.expect("ours own what the last Java workers had", owns(SHARDS, "t1", "t2"), {
    limitMs: LEADERLESS_MS,
  });

  await rig.java("j3");
  await rig.java("j4");
  await rig.expect("Java workers get a share of ours", shares(SHARDS, "j3", "j4", "t1", "t2"));
  rig.shards.split(0);
  rig.shards.merge(4, 5);
  await rig.expect(
    "a split and a merge: eight shards are owned",
    (leases) =>
      [8, 9, 10].every((number) => leases.some(({ shard }) => shard === shardId(number))) &&
      owns(SHARDS, "j3", "j4", "t1", "t2")(leases),
  );
  await rig.stop("t2");
  rig.kill("t1");
  await rig.expect("Java owns what the last of ours had", owns(SHARDS, "j3", "j4"), {
    limitMs: LEADERLESS_MS,
  });
  await rig.wait(3_000);
  rig.producer.stop();
  await rig.drained();
}

async function measure(rig: Rig, ...workers: readonly string[]): Promise<void> {
  const fromMs = Date.now();
  await rig.wait(MEASURED_MS);
  const counts = recordsOf(rig.events(), workers, { fromMs, toMs: Date.now() });
  const percent = unevennessPercent(counts);
  rig.say(
    `records of each worker in ${MEASURED_MS / 1000} s: ${[...counts].map(([w, n]) => `${w} ${n}`).join(", ")}`,
  );
  rig.figures["uneven by percent"] = Math.round(percent * 10) / 10;
  if (percent > EVEN_PERCENT) rig.problems.push(`throughput is uneven by ${percent.toFixed(1)} %`);
}
