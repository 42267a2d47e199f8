import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTurn } from "./in-turn.js";
import { javaSide, KCL_VERSIONS, type JavaSide, type KclVersion } from "./java/java-side.js";
import { Rig, Unmet } from "./rig/rig.js";
import type { Run, Scenario } from "./scenarios/scenario.js";
import { judge, type Result } from "./verdict/result.js";

const RUNS = fileURLToPath(new URL("../.cache/runs/", import.meta.url));

const LAST_DRAIN_MS = 60_000;

/** Plays the runs of some scenarios, so many at a time: most of a run is waiting. The results are in the order of the runs. */
export async function play(
  scenarios: readonly Scenario[],
  options: {
    readonly versions: readonly KclVersion[];
    readonly atOnce: number;
    readonly signal: AbortSignal;
    readonly say: (text: string) => void;
  },
): Promise<readonly Result[]> {
  const { versions, atOnce, signal, say } = options;
  const sides = new Map<KclVersion, JavaSide>();
  for (const version of KCL_VERSIONS) sides.set(version, await javaSide(version, say));
  const runs = scenarios.flatMap((scenario) =>
    scenario.runs
      .filter(({ version }) => versions.includes(version))
      .map((run) => async () => {
        signal.throwIfAborted();
        const name = `${scenario.name} ${versionOf(run)}`;
        say(`${name}: ${scenario.shows}`);
        const prefixed = (text: string): void => {
          say(`${name}  ${text}`);
        };
        return await playOne(scenario, run, { java: sides, signal, say: prefixed });
      }),
  );
  return await inTurn(runs, atOnce);
}

function versionOf({ version, mode }: Run): string {
  return mode === "" ? version : `${version} ${mode}`;
}

async function playOne(
  scenario: Scenario,
  run: Run,
  {
    java,
    signal,
    say,
  }: { java: ReadonlyMap<KclVersion, JavaSide>; signal: AbortSignal; say: (text: string) => void },
): Promise<Result> {
  const startedMs = Date.now();
  const name = `${scenario.name}-${versionOf(run).replaceAll(/[^\w.]+/g, "-")}`;
  const folder = join(RUNS, `${name}-${startedMs.toString(36)}`);
  await using rig = await Rig.start({
    name,
    folder,
    java,
    version: run.version,
    shards: run.shards,
    signal,
    say,
    ...(run.settings === undefined ? {} : { settings: run.settings }),
  });
  try {
    await run.play(rig);
  } catch (error) {
    signal.throwIfAborted();
    // What a run expected in vain is a line of its verdict, and the others go on; so is a worker that ended by itself.
    rig.problems.push(error instanceof Error ? error.message : String(error));
    if (!(error instanceof Unmet)) rig.say(error instanceof Error ? (error.stack ?? "") : String(error));
  }
  // A run that broke off has records under way, which are not lost for that.
  rig.producer.stop();
  await rig.drained(rig.producer, LAST_DRAIN_MS);
  const result = judge(
    { scenario: scenario.name, version: versionOf(run), seconds: (Date.now() - startedMs) / 1000 },
    {
      events: rig.events(),
      sent: rig.producer.sent,
      departures: rig.departures,
      problems: rig.problems,
      figures: rig.figures,
    },
  );
  say(`what the workers wrote is in ${folder}`);
  return result;
}
