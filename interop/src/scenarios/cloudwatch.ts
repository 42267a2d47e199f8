import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CloudWatchStub, type SentMetric } from "../rig/cloudwatch-stub.js";
import type { Rig } from "../rig/rig.js";
import { COMPATIBLE, NATIVE, owns, type Run, type Scenario } from "./scenario.js";

const FIXTURE = fileURLToPath(new URL("../../fixtures/kcl-cloudwatch.json", import.meta.url));

/** What the KCL tells CloudWatch, written down for who sends the same names: names, units, dimensions, by version. */
export const cloudwatch: Scenario = {
  name: "cloudwatch",
  shows: "names, units and dimensions of the KCL's metrics, written to fixtures/kcl-cloudwatch.json",
  isApart: true,
  runs: [
    run("2.7.2", "2.x", {}),
    run("3.5.1", "compatible", { clientVersion: COMPATIBLE }),
    run("3.5.1", "native", { clientVersion: NATIVE }),
  ],
};

interface Kind {
  readonly operation: string;
  readonly name: string;
  readonly unit: string;
  /** Names of the dimensions, in the order sent. */
  readonly dimensions: readonly string[];
}

function run(version: Run["version"], mode: string, settings: object): Run {
  return {
    version,
    mode,
    shards: 2,
    settings,
    play: async (rig) => {
      const kinds = await record(rig);
      const known = existsSync(FIXTURE) ? (JSON.parse(readFileSync(FIXTURE, "utf8")) as object) : {};
      const all = Object.entries({ ...known, [`${version} ${mode}`]: kinds }).toSorted(([a], [b]) =>
        a.localeCompare(b),
      );
      writeFileSync(FIXTURE, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`);
    },
  };
}

async function record(rig: Rig): Promise<readonly Kind[]> {
  await using stub = new CloudWatchStub();
  const url = await stub.start();
  rig.producer.start(20);
  await rig.java("j1", { cloudwatch: url });
  await rig.expect("the worker owns both shards", owns(2, "j1"));
  await rig.java("j2", { cloudwatch: url });
  await rig.expect("two workers share", (leases) => new Set(leases.map(({ owner }) => owner)).size === 2);
  rig.shards.split(0);
  await rig.expect("the children are owned", owns(3, "j1", "j2"));
  await rig.wait(25_000);
  rig.producer.stop();
  await rig.drained();
  // What is buffered is sent when a worker stops.
  await rig.stop("j1");
  await rig.stop("j2");
  if (stub.unread.length > 0) rig.problems.push(`metrics in a form that cannot be read: ${stub.unread[0]}`);
  return kindsOf(stub.metrics);
}

/** Each kind of metric once, in order. */
export function kindsOf(metrics: readonly SentMetric[]): readonly Kind[] {
  const kinds = new Map<string, Kind>();
  for (const { name, unit, dimensions } of metrics) {
    const operation = dimensions.find(([key]) => key === "Operation")?.[1] ?? "";
    const kind = { operation, name, unit, dimensions: dimensions.map(([key]) => key) };
    kinds.set(JSON.stringify(kind), kind);
  }
  return [...kinds].toSorted(([a], [b]) => a.localeCompare(b)).map(([, kind]) => kind);
}
