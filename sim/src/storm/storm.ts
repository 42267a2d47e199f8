import type { RunOptions, RunResult } from "../run.js";
import { Simulation } from "../simulation.js";
import { SeededRandom } from "../world/random.js";
import { breakProduct } from "./broken.js";
import { FleetMisfortunes } from "./fleet-misfortunes.js";
import { Misfortunes } from "./misfortunes.js";
import { Operator } from "./operator.js";
import { Rarities } from "./rarities.js";
import {
  drivenByKcl,
  drivenByLambda,
  type Scenario,
  scenarioOf,
  sharedWithKcl,
  steered,
} from "./scenario.js";

const TRIM_EVERY_MS = 500;

/** One run of the whole system, from a seed. */
export async function simulate(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const scenario = scenarioOf(seed, options.emitter);
  const isPlain = options.rarities === false;
  const mend = breakProduct(options.broken);
  try {
    const stormy = isPlain ? { ...scenario, rarities: undefined } : scenario;
    return await storm(new Simulation(asAskedFor(stormy, options), options));
  } finally {
    mend();
  }
}

function asAskedFor(scenario: Scenario, { steer, fleet, driver }: RunOptions): Scenario {
  if (driver === "kcl") return drivenByKcl(scenario);
  if (driver === "lambda") return drivenByLambda(scenario);
  if (fleet === "kcl3") return sharedWithKcl(scenario);
  return steer === true ? steered(scenario) : scenario;
}

/** Lets everything go wrong that the seed says, then all go well, and looks what is left. */
async function storm(simulation: Simulation): Promise<RunResult> {
  const { scenario, scheduler, fleet, stream, network, trace, leases, bucket, ledger, book } = simulation;
  const { members: checker } = simulation;
  const { seed, stormMs } = scenario;
  const random = (purpose: number): SeededRandom => new SeededRandom(seed, purpose);
  const misfortunes = new Misfortunes({
    scenario,
    scheduler,
    random: random(10),
    fleet,
    stream,
    network,
    trace,
    disturb: (untilMs) => checker?.disturb(untilMs),
  });
  const fleetMisfortunes =
    checker === undefined
      ? undefined
      : new FleetMisfortunes({
          scenario,
          scheduler,
          random: random(53),
          fleet,
          leases,
          network,
          checker,
          trace,
        });
  const rarities = new Rarities({ scenario, scheduler, random: random(31), fleet, network, bucket, trace });
  leases.prepared = (process, keys) => rarities.prepared(process, keys);
  const operator = new Operator({
    scenario,
    scheduler,
    random: random(40),
    leases,
    ledger,
    book,
    trace,
    report: (violation) => simulation.report(violation),
  });
  misfortunes.start();
  rarities.start();
  operator.start();
  fleetMisfortunes?.start();
  fleet.start();
  trimUntil(stormMs, simulation);
  await scheduler.runUntil(stormMs, () => simulation.hasSeenEnough);
  misfortunes.end();
  rarities.end();
  operator.end();
  fleetMisfortunes?.end();
  const { crashes, pauses, stops, reshards, outages } = misfortunes;
  return {
    ...(await simulation.settle()),
    crashes: crashes + (fleetMisfortunes?.crashes ?? 0),
    pauses: pauses + (fleetMisfortunes?.pauses ?? 0),
    stops,
    reshards,
    strangers: rarities.strangers,
    shardPauses: operator.pauses,
    resetRefusals: operator.refusals,
    faults: network.faultCount + outages,
  };
}

/** Retention takes records away, where they do not stay for the whole storm. */
function trimUntil(endMs: number, { scheduler, scenario, stream }: Simulation): void {
  if (scenario.retentionMs > endMs) return;
  const trim = (): void => {
    if (scheduler.nowMs > endMs) return;
    stream.trim(scheduler.nowMs);
    scheduler.after(TRIM_EVERY_MS, undefined, trim);
  };
  scheduler.after(TRIM_EVERY_MS, undefined, trim);
}
