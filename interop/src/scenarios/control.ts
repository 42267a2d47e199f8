import { shapeOfWrite } from "../differential/shapes.js";
import type { TableCall } from "../rig/dynamo-tap.js";
import type { Rig } from "../rig/rig.js";
import { countDeliveries } from "../verdict/deliveries.js";
import { goneOn, type Take } from "../verdict/gone-on.js";
import { ownedBy, owns, type Run, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
const AFTERWARDS_MS = 30_000;

/** A checkpoint that takes longer than the pause between two reads leaves its shard's worker no pause at all. */
const SLOW_TABLE_MS = 400;

/**
 * How long an old Java owner goes on with a shard that another worker took from it: by one of ours and, as the control, by one of Java; at a quick table and at
 * one that takes longer for a checkpoint than a read comes after the other.
 */
export const control: Scenario = {
  name: "control",
  shows:
    "how long an old Java owner goes on after a shard was taken from it, by a worker of ours and by one of Java",
  isApart: true,
  runs: [
    run("java", 250, SLOW_TABLE_MS),
    run("ours", 250, SLOW_TABLE_MS),
    run("java", 1_000, SLOW_TABLE_MS),
    run("ours", 1_000, SLOW_TABLE_MS),
    run("java", 250, 0),
    run("ours", 250, 0),
  ],
};

function run(kind: "java" | "ours", paceMs: number, tableMs: number): Run {
  return {
    version: "2.7.2",
    mode: `taken by ${kind}, ${paceMs} ms, table ${tableMs} ms`,
    shards: SHARDS,
    settings: { idleMs: paceMs },
    play: (rig) => play(rig, kind, tableMs),
  };
}

async function play(rig: Rig, kind: "java" | "ours", tableMs: number): Promise<void> {
  await rig.java("j1");
  await rig.expect("one Java worker owns all", owns(SHARDS, "j1"));
  if (tableMs > 0)
    rig.aws.faults.add({
      server: "dynamodb",
      operation: "UpdateItem",
      effect: { kind: "delay", delayMs: tableMs },
    });
  rig.producer.start(100);
  await rig[kind]("x2");
  await rig.expect("the second worker has its first shard", (leases) => ownedBy(leases, "x2") > 0);
  await rig.expect("both share", shares(SHARDS, "j1", "x2"));
  await rig.wait(AFTERWARDS_MS);
  rig.producer.stop();
  await rig.drained();
  const { records, longestMs } = goneOn(rig.events(), takesOf(rig.tap.calls));
  const { duplicates } = countDeliveries(rig.events(), rig.producer.sent);
  rig.say(
    `old owners handled ${records} records after a take, the last after ${longestMs} ms; ${duplicates} duplicates`,
  );
  Object.assign(rig.figures, { recordsAfterTake: records, longestMs });
}

function takesOf(calls: readonly TableCall[]): readonly Take[] {
  return calls
    .filter((call) => call.status < 400 && shapeOfWrite(call)?.purpose === "take")
    .map(({ t, tookMs, w, body }) => {
      const { leaseKey } = body["Key"] as { readonly leaseKey: { readonly S: string } };
      return { shard: leaseKey.S, by: w, atMs: t + tookMs };
    });
}
