import type { Rig } from "../rig/rig.js";
import { NATIVE, ownedBy, owns, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
/** The leader looks at the balance every 30 s, with a failover time of 5 s, and moves a part of what is uneven. */
const JOIN_LIMIT_MS = 180_000;
/** What falls to each of three workers, rounded down: for less the leader moves nothing. */
const SHARE = Math.floor(SHARDS / 3);

/** A worker of ours comes to a fleet in 3.x mode whose Java workers tell their use of the CPU, which goes by the shards that each has. */
export const joining: Scenario = {
  name: "joining",
  shows:
    "a worker of ours gets its share of a native 3.x fleet whose Java workers tell their use of the CPU, and what a stopped one had",
  isApart: true,
  runs: [
    {
      version: "3.5.1",
      mode: "native",
      shards: SHARDS,
      settings: { clientVersion: NATIVE, fleetModeMs: 5_000, cpuPercent: 5, cpuPercentPerShard: 8 },
      play,
    },
  ],
};

async function play(rig: Rig): Promise<void> {
  await rig.java("j1");
  await rig.expect("Java owns all", owns(SHARDS, "j1"));
  rig.producer.start(100);
  await rig.java("j2");
  await rig.expect("two Java workers share", shares(SHARDS, "j1", "j2"), {
    limitMs: 2 * JOIN_LIMIT_MS,
  });
  await rig.ours("t1");
  const sharedMs = await rig.expect(
    "ours has its share",
    (leases) => owns(SHARDS, "j1", "j2", "t1")(leases) && ownedBy(leases, "t1") >= SHARE,
    { limitMs: JOIN_LIMIT_MS },
  );
  rig.figures["seconds until ours had its share"] = Math.round(sharedMs / 1000);
  rig.figures["shards of ours after it joined"] = ownedBy(await rig.rows.leases(), "t1");
  await rig.stop("j1");
  await rig.expect("the others own the shards of a stopped Java worker", owns(SHARDS, "j2", "t1"));
  rig.figures["shards of ours after a Java worker stopped"] = ownedBy(await rig.rows.leases(), "t1");
  rig.say(JSON.stringify(rig.figures));
  rig.producer.stop();
  await rig.drained();
}
