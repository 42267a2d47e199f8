import type { Rig } from "../rig/rig.js";
import { countDeliveries } from "../verdict/deliveries.js";
import { ownedBy, owns, type Run, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
const AFTERWARDS_MS = 30_000;

/** How long an old Java owner goes on with a shard that another worker took from it: by one of ours and, as the control, by one of Java. */
export const control: Scenario = {
  name: "control",
  shows:
    "how long an old Java owner goes on after a shard was taken from it, by a worker of ours and by one of Java",
  isApart: true,
  runs: [run("java", 250), run("ours", 250), run("java", 500), run("ours", 500)],
};

function run(kind: "java" | "ours", paceMs: number): Run {
  return {
    version: "2.7.2",
    mode: `taken by ${kind}, ${paceMs} ms`,
    shards: SHARDS,
    settings: { idleMs: paceMs },
    play: (rig) => play(rig, kind),
  };
}

async function play(rig: Rig, kind: "java" | "ours"): Promise<void> {
  await rig.java("j1");
  await rig.expect("one Java worker owns all", owns(SHARDS, "j1"));
  rig.producer.start(100);
  await rig[kind]("x2");
  await rig.expect("the second worker has its first shard", (leases) => ownedBy(leases, "x2") > 0);
  await rig.expect("both share", shares(SHARDS, "j1", "x2"));
  await rig.wait(AFTERWARDS_MS);
  rig.producer.stop();
  await rig.drained();
  const { duplicates, lateRecords, latestMs } = countDeliveries(rig.events(), rig.producer.sent);
  rig.say(
    `the old owner handled ${lateRecords} records late, the last after ${latestMs} ms; ${duplicates} duplicates`,
  );
  Object.assign(rig.figures, { lateRecords, latestMs });
}
