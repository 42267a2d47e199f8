import type { TableCall } from "../rig/dynamo-tap.js";
import { MIGRATION_ROW } from "../rig/lease-rows.js";
import type { Rig } from "../rig/rig.js";
import type { WorkerSettings } from "../rig/worker-settings.js";
import { COMPATIBLE, ownedBy, owns, type Run, type Scenario, shares } from "./scenario.js";

const SHARDS = 8;
const WATCHED_MS = 150_000;
const REPORTED_LIMIT_MS = 90_000;
/** What both Java workers say of their CPU: alike, and far below their limit. */
const CPU_PERCENT = 30;

/** A leader of KCL 3 with two Java workers that tell their use of the CPU, and a worker of ours that owns shards when the fleet goes over to 3.x mode. */
export const leader: Scenario = {
  name: "leader",
  shows:
    "what a KCL 3 leader with two Java workers of its own does with the shards of one of ours, which takes part or does not",
  isApart: true,
  runs: [run("takes part", { mode: "auto" }), run("does not", { mode: "2x" })],
};

function run(mode: string, settings: WorkerSettings): Run {
  return {
    version: "3.5.1",
    mode,
    shards: SHARDS,
    settings: { clientVersion: COMPATIBLE, fleetModeMs: 5_000, idleMs: 1_000, cpuPercent: CPU_PERCENT },
    play: (rig) => play(rig, settings),
  };
}

async function play(rig: Rig, settings: WorkerSettings): Promise<void> {
  await rig.java("j1");
  await rig.expect("Java owns all", owns(SHARDS, "j1"));
  await rig.java("j2");
  await rig.ours("t1", settings);
  await rig.expect("three workers share", shares(SHARDS, "j1", "j2", "t1"));
  rig.producer.start(100);
  await rig.expect(
    "both Java workers have reported",
    async () => {
      const rows = await rig.rows.all();
      return ["j1", "j2"].every((name) =>
        rows.some(({ leaseKey, sts }) => leaseKey?.S === name && sts?.M?.["C"] !== undefined),
      );
    },
    { limitMs: REPORTED_LIMIT_MS },
  );
  const before = ownedBy(await rig.rows.leases(), "t1");
  // As the KCL's own leader writes it after ten minutes.
  await rig.rows.set(MIGRATION_ROW, { cv: { S: "CLIENT_VERSION_3X_WITH_ROLLBACK" } });
  rig.say("the fleet goes over to 3.x mode");
  const switched = rig.tap.calls.length;
  for (let watchedMs = 0; watchedMs < WATCHED_MS; watchedMs += 30_000) {
    await rig.wait(30_000);
    await rig.show(`${(watchedMs + 30_000) / 1000} s later`);
  }
  const calls = rig.tap.calls.slice(switched).filter(({ status }) => status < 400);
  Object.assign(rig.figures, {
    "shards of ours before": before,
    "shards of ours after": ownedBy(await rig.rows.leases(), "t1"),
    "handovers from ours begun": calls.filter(beginsHandoverFromOurs).length,
    "shards of ours assigned to others": calls.filter(assignsFromOurs).length,
  });
  rig.say(JSON.stringify(rig.figures));
  rig.producer.stop();
  await rig.drained();
}

interface LegacyWrite {
  readonly AttributeUpdates?: Readonly<Record<string, { readonly Value?: { readonly S?: string } }>>;
  readonly Expected?: Readonly<Record<string, { readonly Value?: { readonly S?: string } }>>;
}

function beginsHandoverFromOurs({ w, body }: TableCall): boolean {
  const { AttributeUpdates: updates } = body as LegacyWrite;
  return w.startsWith("j") && updates?.["checkpointOwner"]?.Value?.S?.startsWith("t1") === true;
}

function assignsFromOurs({ w, body }: TableCall): boolean {
  const { AttributeUpdates: updates, Expected: expected } = body as LegacyWrite;
  const to = updates?.["leaseOwner"]?.Value?.S;
  return (
    w.startsWith("j") &&
    updates?.["checkpointOwner"]?.Value === undefined &&
    to !== undefined &&
    !to.startsWith("t1") &&
    expected?.["leaseOwner"]?.Value?.S?.startsWith("t1") === true
  );
}
