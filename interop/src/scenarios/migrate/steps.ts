import type { LeaseRows } from "../../rig/lease-rows.js";
import type { Rig } from "../../rig/rig.js";
import { open, ownedBy, owns } from "../scenario.js";

/** A step of docs/migrating-from-the-kcl.md: the page has the same titles in the same order, and a test compares them. */
export interface Step {
  readonly title: string;
  readonly run: (rig: Rig) => Promise<void>;
}

/** A case of the page. */
export interface Case {
  /** The heading of its section. */
  readonly heading: string;
  readonly steps: readonly Step[];
}

export const SHARDS = 4;

/** A worker with a share is enough to go on: the fleet evens out by itself. */
export function hasShare(rig: Rig, ...workers: readonly string[]): Promise<number> {
  return rig.expect(`${workers.join(" and ")} have a share`, (leases) =>
    workers.every((worker) => ownedBy(leases, worker) > 0),
  );
}

export function ownAll(rig: Rig, ...workers: readonly string[]): Promise<number> {
  return rig.expect(`${workers.join(" and ")} own all shards`, owns(SHARDS, ...workers));
}

/** Waits until the checkpoints of all shards are past where they are now. */
export async function moveOn(rig: Rig): Promise<void> {
  const before = new Map((await rig.rows.leases()).map(({ shard, checkpoint }) => [shard, checkpoint]));
  await rig.expect("the checkpoints of all shards move on", (leases) =>
    open(leases).every(({ shard, checkpoint }) => isPast(checkpoint, before.get(shard))),
  );
}

/** Plays the steps of a case; a checkpoint that went back between two of them is a problem. */
export async function playCase(rig: Rig, { heading, steps }: Case): Promise<void> {
  let before = await checkpoints(rig.rows);
  for (const [index, { title, run }] of steps.entries()) {
    rig.say(`${heading}, step ${index + 1}: ${title}`);
    await run(rig);
    const after = await checkpoints(rig.rows);
    for (const [shard, checkpoint] of before) {
      const now = after.get(shard);
      if (now !== undefined && now !== checkpoint && !isPast(now, checkpoint))
        rig.problems.push(
          `${shard} went back from ${checkpoint} to ${now} in step ${index + 1} of ${heading}`,
        );
    }
    before = after;
  }
}

async function checkpoints(rows: LeaseRows): Promise<ReadonlyMap<string, string>> {
  return new Map((await rows.leases()).map(({ shard, checkpoint }) => [shard, checkpoint]));
}

const NUMBER = /^\d+$/;

/** Whether a checkpoint is past another; a number is past a sentinel, and the shard's end past everything. */
function isPast(checkpoint: string, before: string | undefined): boolean {
  if (checkpoint === "SHARD_END") return before !== "SHARD_END";
  if (before === "SHARD_END" || !NUMBER.test(checkpoint)) return false;
  return before === undefined || !NUMBER.test(before) || BigInt(checkpoint) > BigInt(before);
}
