import type { Rig } from "../rig/rig.js";
import { COMPATIBLE, owns, type Run, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
const PAUSE_MS = 12_000;

/** Two Java workers and two of ours on one table: kills, pauses, graceful stops, splits and a merge. */
export const mixed: Scenario = {
  name: "mixed",
  shows: "two Java workers and two of ours share a stream through kills, pauses, stops, splits and a merge",
  runs: [run("2.7.2", "2.x", {}), run("3.5.1", "compatible", { clientVersion: COMPATIBLE })],
};

function run(version: Run["version"], mode: string, settings: object): Run {
  return {
    version,
    mode,
    shards: SHARDS,
    settings: { idleMs: 1000, ...settings },
    play,
  };
}

async function play(rig: Rig): Promise<void> {
  await rig.java("j1");
  await rig.expect("Java alone owns all", owns(SHARDS, "j1"));
  rig.producer.start(100);
  await rig.ours("t1");
  await rig.java("j2");
  await rig.ours("t2");
  await rig.expect("four workers share", shares(SHARDS, "j1", "j2", "t1", "t2"));
  rig.kill("j2");
  await rig.java("j3");
  await rig.expect("a killed Java worker is replaced", shares(SHARDS, "j1", "j3", "t1", "t2"));
  rig.kill("t2");
  await rig.ours("t3");
  await rig.expect("a killed worker of ours is replaced", shares(SHARDS, "j1", "j3", "t1", "t3"));
  await rig.pause("t1", PAUSE_MS);
  await rig.pause("j1", PAUSE_MS);
  await rig.expect("both are back after a pause", shares(SHARDS, "j1", "j3", "t1", "t3"));
  rig.shards.split(0);
  rig.shards.split(3);
  rig.shards.merge(5, 6);
  await rig.expect("two splits and a merge: nine shards are owned", owns(SHARDS + 1, "j1", "j3", "t1", "t3"));
  await rig.stop("t1");
  await rig.expect("those left own a stopped worker's shards", owns(SHARDS + 1, "j1", "j3", "t3"));
  await rig.stop("j1");
  await rig.expect("and a stopped Java worker's", owns(SHARDS + 1, "j3", "t3"));
  await rig.wait(3000);
  rig.producer.stop();
  await rig.drained();
}
