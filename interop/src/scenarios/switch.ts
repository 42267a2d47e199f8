import { MIGRATION_ROW } from "../rig/lease-rows.js";
import type { Rig } from "../rig/rig.js";
import type { WorkerSettings } from "../rig/worker-settings.js";
import { COMPATIBLE, owns, type Run, type Scenario, shares } from "./scenario.js";

const SHARDS = 2;
/** The KCL waits ten minutes after the last owner has begun to report, and its workers look each minute. */
const SWITCH_LIMIT_MS = 14 * 60_000;

/** A fleet in COMPATIBLE_WITH_2X goes over to 3.x mode by itself, with a worker of ours that takes part, and not with one that does not. */
export const switchOver: Scenario = {
  name: "switch",
  shows:
    "a fleet in COMPATIBLE_WITH_2X goes over to 3.x mode by itself, unless a worker of ours that takes no part owns a shard (14 minutes)",
  isApart: true,
  runs: [run("ours takes part", { mode: "auto" }, true), run("ours does not", { mode: "2x" }, false)],
};

function run(mode: string, settings: WorkerSettings, switches: boolean): Run {
  return {
    version: "3.5.1",
    mode,
    shards: SHARDS,
    settings: { clientVersion: COMPATIBLE, idleMs: 1_000 },
    play: (rig) => play(rig, settings, switches),
  };
}

async function play(rig: Rig, settings: WorkerSettings, switches: boolean): Promise<void> {
  await rig.java("j1");
  await rig.expect("Java owns all", owns(SHARDS, "j1"));
  await rig.ours("t1", settings);
  await rig.expect("both share", shares(SHARDS, "j1", "t1"));
  rig.producer.start(20);
  const startedMs = Date.now();
  let mode: string | undefined;
  while (Date.now() - startedMs < SWITCH_LIMIT_MS && mode?.includes("3X") !== true) {
    await rig.wait(5_000);
    const row = (await rig.rows.all()).find(({ leaseKey }) => leaseKey?.S === MIGRATION_ROW);
    if (row?.["cv"]?.S !== mode)
      rig.say(`${row?.["cv"]?.S} after ${Math.round((Date.now() - startedMs) / 1000)} s`);
    mode = row?.["cv"]?.S;
  }
  rig.figures["seconds"] = Math.round((Date.now() - startedMs) / 1000);
  if ((mode?.includes("3X") === true) !== switches)
    rig.problems.push(`the fleet is in ${mode} after ${rig.figures["seconds"]} s`);
  if (switches) {
    // Three rounds of the leader: the fleet is at work in its new mode.
    await rig.wait(90_000);
    await rig.show("in 3.x mode");
  }
  rig.producer.stop();
  await rig.drained();
}
