import { MIGRATION_ROW } from "../../rig/lease-rows.js";
import type { Rig } from "../../rig/rig.js";
import type { WorkerEvent } from "../../verdict/events.js";
import { NATIVE } from "../scenario.js";
import { type Case, hasShare, moveOn, ownAll, type Step } from "./steps.js";

/** Starts a Java worker of the kind that a case goes back to. */
export type StartJava = (rig: Rig, name: string) => Promise<void>;

const MOVES_ON: Step = { title: "See that every shard moves on.", run: moveOn };

const TO_OURS: readonly Step[] = [
  {
    title: "Start one worker of ours beside the Java workers.",
    run: async (rig) => {
      await rig.ours("t1");
      await hasShare(rig, "t1");
    },
  },
  {
    title:
      "Stop one Java worker, start one of ours, wait until every shard has an owner; go on until no Java worker is left.",
    run: async (rig) => {
      await rig.stop("j1");
      await rig.ours("t2");
      await hasShare(rig, "t2", "j2");
      await rig.stop("j2");
      await ownAll(rig, "t1", "t2");
    },
  },
  MOVES_ON,
];

const toJava = (start: StartJava, first: string): readonly Step[] => [
  {
    title: first,
    run: async (rig) => {
      await start(rig, "j3");
      await hasShare(rig, "j3");
    },
  },
  {
    title:
      "Stop one worker of ours, start one of Java, wait until every shard has an owner; go on until none of ours is left.",
    run: async (rig) => {
      await rig.stop("t1");
      await start(rig, "j4");
      await hasShare(rig, "j4", "t2");
      await rig.stop("t2");
      await ownAll(rig, "j3", "j4");
    },
  },
  MOVES_ON,
];

const OUT: readonly Step[] = [
  {
    title: `Delete the row \`${MIGRATION_ROW}\`.`,
    run: async (rig) => {
      await rig.rows.delete(MIGRATION_ROW);
      await rig.expect("workers of ours are in 2.x mode", () =>
        ["t1", "t2"].every((worker) => isInSecondMode(rig.events(), worker)),
      );
    },
  },
  {
    title: "Delete the other rows that are no leases.",
    run: async (rig) => {
      for (const { leaseKey, leaseCounter } of await rig.rows.all())
        if (leaseCounter === undefined && leaseKey?.S !== undefined) await rig.rows.delete(leaseKey.S);
      // A worker that reported still would have written its row again within this time.
      await rig.wait(REPORT_MS);
      const left = (await rig.rows.all()).filter(({ leaseCounter }) => leaseCounter === undefined);
      if (left.length > 0) rig.problems.push(`${left.length} rows that are no leases were written again`);
    },
  },
  MOVES_ON,
];

/** A worker of ours reports every 30 s. */
const REPORT_MS = 35_000;

/** Whether the last that a worker told of the fleet's mode is that there is none. */
function isInSecondMode(events: readonly WorkerEvent[], worker: string): boolean {
  const told = events.findLast(({ w, type }) => w === worker && type === "event:fleet-mode");
  return told === undefined || told["mode"] === undefined;
}

export const FROM_SECOND: Case = {
  heading: "From KCL 2.x, and from KCL 3.5 in PHASE1",
  steps: TO_OURS,
};
export const FROM_COMPATIBLE: Case = { heading: "From KCL 3.5 in COMPATIBLE_WITH_2X", steps: TO_OURS };
export const FROM_NATIVE: Case = { heading: "From KCL 3.x in its own mode", steps: TO_OURS };
/** Out of 3.x mode and of an upgrade to it, once there are only workers of ours. */
export const OUT_OF_THIRD: Case = { heading: "Out of 3.x mode", steps: OUT };
/** Back to the algorithms of KCL 2.x. */
export const backToSecond = (start: StartJava): Case => ({
  heading: "Back to KCL 2.x, or to KCL 3.5 in PHASE1",
  steps: toJava(start, "Start one Java worker beside ours."),
});
export const BACK_TO_THIRD: Case = {
  heading: "Back to KCL 3.5 in its own mode",
  steps: toJava(async (rig, name) => {
    await rig.java(name, { clientVersion: NATIVE }, "3.5.1");
  }, "Start one Java worker with `CLIENT_VERSION_CONFIG_3X` beside ours."),
};

/** All of them, in the order of the page. */
export const CASES: readonly Case[] = [
  FROM_SECOND,
  FROM_COMPATIBLE,
  FROM_NATIVE,
  OUT_OF_THIRD,
  backToSecond(async () => undefined),
  BACK_TO_THIRD,
];
