import { differences, type Written } from "../differential/compare.js";
import { KNOWN_DIFFERENCES } from "../differential/known-differences.js";
import { type Fleet, situations } from "../differential/situations.js";
import { Producer } from "../rig/producer.js";
import type { Rig } from "../rig/rig.js";
import { Shards } from "../rig/shards.js";
import { COMPATIBLE, type Run, type Scenario } from "./scenario.js";

/** A fleet of each kind alone in the same situations: the rows they leave and the writes they make are the same, but for what is known. */
export const differential: Scenario = {
  name: "differential",
  shows: "rows and writes of Java workers and of ours in the same situations, attribute by attribute",
  runs: [run("2.7.2", "2.x", {}), run("3.5.1", "compatible", { clientVersion: COMPATIBLE })],
};

function run(version: Run["version"], mode: string, settings: object): Run {
  return { version, mode, shards: 2, settings, play };
}

async function play(rig: Rig): Promise<void> {
  const [java, ours] = await Promise.all([written(rig, "java"), written(rig, "ours")]);
  for (const difference of differences(java, ours))
    if (!Object.hasOwn(KNOWN_DIFFERENCES, difference)) rig.problems.push(`not known: ${difference}`);
}

/** What one kind wrote. Both run at the same time, on a stream and a table each. */
async function written(rig: Rig, kind: "java" | "ours"): Promise<Written> {
  const name = `only-${kind}`;
  rig.aws.kinesis.createStream({ name, shardCount: 2 });
  const fleet: Fleet = {
    prefix: kind === "java" ? "j" : "t",
    rows: rig.rowsOf(name),
    producer: new Producer(rig.aws, name, rig.producer),
    shards: new Shards(rig.aws, name),
    start: (worker, settings) => rig[kind](worker, { ...settings, application: name, stream: name }),
  };
  const rows = await situations(rig, fleet);
  return { rows, calls: rig.tap.calls.filter(({ w }) => w.startsWith(fleet.prefix)) };
}
