import { type Profiler, Session } from "node:inspector/promises";
import type { Profile, ProfilePart } from "./protocol.js";

const INTERVAL_US = 500;
const MOST_FUNCTIONS = 3;

/** Looks for so long which functions are at work. */
export async function profiled(durationMs: number, pause: (ms: number) => Promise<void>): Promise<Profile> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await session.post("Profiler.start");
  await pause(durationMs);
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return shareOut(profile);
}

/** Shares of a profile's samples: whose code it was. What waits is left out. */
export function shareOut({ nodes, samples = [] }: Profiler.Profile): Profile {
  const shares: Record<ProfilePart, number> = {
    own: 0,
    engine: 0,
    destination: 0,
    requests: 0,
    compression: 0,
    garbage: 0,
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])));
  const functions = new Map<string, number>();
  let atWork = 0;
  for (const sample of samples) {
    let node = byId.get(sample);
    const name = node?.callFrame.functionName ?? "";
    if (name === "(idle)" || name === "(root)") continue;
    atWork += 1;
    if (name === "(garbage collector)") {
      shares.garbage += 1;
      continue;
    }
    // What is built in belongs to the code that called it.
    while (node !== undefined && node.callFrame.url === "") node = byId.get(parents.get(node.id) ?? 0);
    const part = partOf(node?.callFrame.url ?? "");
    shares[part] += 1;
    if (node === undefined || part !== "own") continue;
    const { functionName, url, lineNumber } = node.callFrame;
    const shown = `${functionName === "" ? "(anonymous)" : functionName} (${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber + 1})`;
    functions.set(shown, (functions.get(shown) ?? 0) + 1);
  }
  const share = (count: number): number => (atWork === 0 ? 0 : count / atWork);
  return {
    shares: Object.fromEntries(Object.entries(shares).map(([part, count]) => [part, share(count)])) as Record<
      ProfilePart,
      number
    >,
    functions: [...functions]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, MOST_FUNCTIONS)
      .map(([name, count]) => ({ name, share: share(count) })),
  };
}

/** Packages as they lie installed, and in this repository. */
const PARTS: readonly (readonly [RegExp, ProfilePart])[] = [
  [/^node:(?:internal\/)?zlib/, "compression"],
  [/^node:/, "requests"],
  [/node_modules\/@kinesis-connectors\/(?:core|consumer|leases|cli|config)\//, "engine"],
  [/packages\/(?:core|consumer|leases|cli|config)\/(?:dist|src)\//, "engine"],
  [/(?:@kinesis-connectors|packages)\/(?:wire|aws)\//, "requests"],
  [/node_modules\/(?:@aws-sdk|@smithy|@aws-crypto)\//, "requests"],
  [/node_modules\/@kinesis-connectors\//, "destination"],
  [/packages\/[\w-]+\/(?:dist|src)\//, "destination"],
];

function partOf(url: string): ProfilePart {
  if (url === "") return "engine";
  return PARTS.find(([pattern]) => pattern.test(url))?.[1] ?? "own";
}
