import type { Rig } from "../../rig/rig.js";
import { COMPATIBLE, NATIVE, owns, PHASE1, type Run, type Scenario, shares } from "../scenario.js";
import {
  BACK_TO_THIRD,
  backToSecond,
  FROM_COMPATIBLE,
  FROM_NATIVE,
  FROM_SECOND,
  OUT_OF_THIRD,
} from "./cases.js";
import { type Case, playCase, SHARDS } from "./steps.js";

/** Every step of docs/migrating-from-the-kcl.md. */
export const migrate: Scenario = {
  name: "migrate",
  shows:
    "each numbered step of docs/migrating-from-the-kcl.md: from each mode of the KCL to workers of ours, and back",
  runs: [
    run("2.7.2", "2.x", {}, [FROM_SECOND, backToSecond((rig, name) => rig.java(name))]),
    run("3.5.1", "PHASE1", { clientVersion: PHASE1 }, [
      FROM_SECOND,
      backToSecond((rig, name) => rig.java(name)),
    ]),
    // KCL 2.7.2 cannot read the table of KCL 3.5: between them stand workers of ours.
    run("3.5.1", "compatible, to 2.7.2", { clientVersion: COMPATIBLE }, [
      FROM_COMPATIBLE,
      OUT_OF_THIRD,
      backToSecond((rig, name) => rig.java(name, { clientVersion: "" }, "2.7.2")),
    ]),
    run("3.5.1", "native", { clientVersion: NATIVE }, [FROM_NATIVE, OUT_OF_THIRD, BACK_TO_THIRD]),
  ],
};

function run(version: Run["version"], mode: string, settings: object, cases: readonly Case[]): Run {
  return {
    version,
    mode,
    shards: SHARDS,
    settings: { plan: true, fleetModeMs: 5_000, ...settings },
    play: (rig) => play(rig, cases),
  };
}

async function play(rig: Rig, cases: readonly Case[]): Promise<void> {
  await rig.java("j1");
  await rig.expect("the first Java worker owns all", owns(SHARDS, "j1"));
  // A leader of KCL 3 balances by throughput: where there is none, a second worker gets nothing.
  rig.producer.start(100);
  await rig.java("j2");
  await rig.expect("two Java workers share", shares(SHARDS, "j1", "j2"));
  for (const each of cases) await playCase(rig, each);
  rig.producer.stop();
  await rig.drained();
}
